"""What older DAG files ask of a DAG and of tasks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta

from etesian.operators.empty import EmptyOperator
from etesian.sdk.assets.asset import Asset
from etesian.sdk.dags.dag import DAG
from etesian.sdk.era import AIRFLOW_1, using_era
from etesian.sdk.exceptions import DuplicateTaskIdFound

DAY = datetime(2030, 1, 1, tzinfo=UTC)


def make_dag(schedule: Any) -> DAG:
    return DAG("d", schedule_interval=schedule, start_date=datetime(2029, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("schedule", "before", "after"),
    [
        ("@daily", datetime(2029, 12, 31, tzinfo=UTC), datetime(2030, 1, 2, tzinfo=UTC)),
        ("0 6 * * 1", datetime(2029, 12, 31, 6, tzinfo=UTC), datetime(2030, 1, 7, 6, tzinfo=UTC)),
        ("@yearly", datetime(2029, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)),
        (timedelta(hours=5), DAY - timedelta(hours=5), DAY + timedelta(hours=5)),
        (relativedelta(months=1), datetime(2029, 12, 1, tzinfo=UTC), datetime(2030, 2, 1, tzinfo=UTC)),
        (None, None, None),
    ],
)
def test_a_dag_knows_the_dates_around_a_moment(
    schedule: Any, before: datetime | None, after: datetime | None
) -> None:
    dag = make_dag(schedule)
    assert (dag.previous_schedule(DAY), dag.following_schedule(DAY)) == (before, after)


def test_a_dag_lists_its_run_dates_both_ends_included() -> None:
    dates = make_dag("@daily").get_run_dates(DAY, DAY + timedelta(days=2))
    assert dates == [DAY, DAY + timedelta(days=1), DAY + timedelta(days=2)]
    assert make_dag(None).get_run_dates(DAY) == []


def test_what_needs_the_database_says_what_to_use() -> None:
    dag = make_dag(None)
    with pytest.raises(AttributeError, match="etesian dags trigger"):
        dag.create_dagrun()
    assert not hasattr(dag, "clear")


def test_older_names_of_what_a_dag_has() -> None:
    dag = DAG("d", max_active_tasks=3)

    @dag.task
    def load() -> None:
        """Nothing."""

    load().operator.as_teardown()
    assert (dag.concurrency, dag.fail_stop, dag.subdags, dag.is_fixed_time_schedule) == (3, False, [], False)
    assert [task.task_id for task in dag.teardowns] == ["load"]
    assert list(dag.task_group_dict) == [None]
    assert dag.full_filepath == __file__


def test_of_two_tasks_of_one_id_the_first_counts_in_files_of_1() -> None:
    with using_era(AIRFLOW_1), DAG("d", start_date=DAY) as dag:
        first = EmptyOperator(task_id="same")
        with pytest.warns(UserWarning, match="'same' already; the first one counts"):
            EmptyOperator(task_id="same") >> EmptyOperator(task_id="next")
    assert dag.tasks == [first, dag.get_task("next")]
    assert dag.get_task("next").upstream_task_ids == {"same"}
    with DAG("e", start_date=DAY):
        EmptyOperator(task_id="same")
        with pytest.raises(DuplicateTaskIdFound, match="'same' already"):
            EmptyOperator(task_id="same")


def test_tasks_are_ordered_by_id_and_may_point_at_what_they_write() -> None:
    written = Asset("orders")
    with DAG("d", start_date=DAY):
        b, a = EmptyOperator(task_id="b"), EmptyOperator(task_id="a")
    assert sorted([b, a]) == [a, b]
    assert b > a
    assert (a > written) is a
    a.add_inlets([written])
    assert (a.outlets, a.inlets) == ([written], [written])

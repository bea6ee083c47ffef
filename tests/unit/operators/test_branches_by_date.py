"""Branches by week day and by time, and tasks for the newest run only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from etesian.foundation.clock import utc_now
from etesian.operators.datetime import BranchDateTimeOperator, target_times_as_dates
from etesian.operators.empty import EmptyOperator
from etesian.operators.latest_only import LatestOnlyOperator
from etesian.operators.weekday import BranchDayOfWeekOperator
from etesian.sdk.dags.dag import DAG
from etesian.sdk.exceptions import InvalidDagError
from etesian.sdk.time.weekday import WeekDay
from tests.unit.memory_platform import DAY, make_context


@pytest.fixture
def dag() -> Iterator[DAG]:
    with DAG("dag", start_date=DAY, schedule="@daily") as made:
        yield made


def test_the_week_day_of_the_logical_date_decides(dag: DAG) -> None:
    task = BranchDayOfWeekOperator(
        task_id="t",
        follow_task_ids_if_true="yes",
        follow_task_ids_if_false="no",
        week_day={WeekDay.TUESDAY, "friday"},
        use_task_logical_date=True,
    )
    days = [DAY + timedelta(days=number) for number in range(4)]  # from a Tuesday on
    assert [task.choose_branch(make_context(task, logical_date=day)) for day in days] == [
        "yes",
        "no",
        "no",
        "yes",
    ]


@pytest.mark.parametrize(
    ("lower", "upper", "hour", "chosen"),
    [
        (time(8), time(17), 8, "yes"),
        (time(8), time(17), 7, "no"),
        (time(8), None, 20, "yes"),
        (None, time(17), 18, "no"),
        (time(22), time(4), 23, "yes"),
        (time(22), time(4), 3, "no"),
        (DAY, DAY + timedelta(hours=2), 2, "yes"),
        (datetime(2030, 1, 1, 3), None, 2, "no"),
    ],
)
def test_the_time_of_the_logical_date_decides(
    dag: DAG, lower: Any, upper: Any, hour: int, chosen: str
) -> None:
    task = BranchDateTimeOperator(
        task_id="t",
        follow_task_ids_if_true="yes",
        follow_task_ids_if_false="no",
        target_lower=lower,
        target_upper=upper,
        use_task_logical_date=True,
    )
    context = make_context(task, logical_date=DAY + timedelta(hours=hour))
    assert task.choose_branch(context) == chosen


def test_an_upper_time_before_the_lower_one_is_on_the_next_day() -> None:
    assert target_times_as_dates(DAY, time(22), time(4)) == (
        DAY + timedelta(hours=22),
        DAY + timedelta(days=1, hours=4),
    )


def test_a_branch_by_time_needs_a_bound(dag: DAG) -> None:
    with pytest.raises(InvalidDagError, match="needs target_lower"):
        BranchDateTimeOperator(
            task_id="t",
            follow_task_ids_if_true="a",
            follow_task_ids_if_false="b",
            target_lower=None,
            target_upper=None,
        )


@pytest.mark.parametrize(
    ("age", "run_type", "goes_on"),
    [
        (timedelta(0), "scheduled", True),
        (timedelta(days=3), "scheduled", False),
        (timedelta(days=3), "backfill", False),
        (timedelta(days=3), "manual", True),
        (timedelta(days=3), "asset_triggered", True),
    ],
)
def test_only_the_newest_scheduled_run_goes_on(
    dag: DAG, age: timedelta, run_type: str, goes_on: bool
) -> None:
    midnight = utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
    due = midnight - age
    dag.start_date = due
    task = LatestOnlyOperator(task_id="latest")
    task >> EmptyOperator(task_id="work")
    context = make_context(
        task,
        run_type=run_type,
        run_after=due,
        logical_date=due,
        data_interval_start=due,
        data_interval_end=due,
    )
    assert task.choose_branch(context) == (["work"] if goes_on else [])

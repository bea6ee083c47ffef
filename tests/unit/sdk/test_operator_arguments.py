from __future__ import annotations

from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from etesian import DAG, TaskGroup
from etesian.foundation.ids import InvalidKeyError
from etesian.sdk.era import AIRFLOW_1, using_era
from etesian.sdk.exceptions import (
    AirflowException,
    DuplicateTaskIdFound,
    InvalidDagError,
    MissingArgumentError,
    UnknownArgumentError,
)
from etesian.sdk.tasks.argument_adapters import ArgumentAdapter
from etesian.sdk.tasks.operator import BaseOperator
from etesian.spec.trigger_rule import TriggerRule


class CopyOperator(BaseOperator):
    template_fields = ("source", "target")

    def __init__(self, *, source: str, target: str = "there", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.target = target


class VerboseCopyOperator(CopyOperator):
    """As in provider packages: it fixes an argument of its base and hands on the rest."""

    def __init__(self, *, verbose: bool = False, **kwargs: Any) -> None:
        super().__init__(source=kwargs.pop("source", "fixed"), **kwargs)
        self.verbose = verbose


def test_a_task_without_arguments_has_the_defaults_that_users_know() -> None:
    task = BaseOperator(task_id="extract")
    assert (task.retries, task.retry_delay, task.owner) == (0, timedelta(minutes=5), "airflow")
    assert (task.pool, task.queue, task.pool_slots, task.priority_weight) == ("default_pool", "default", 1, 1)
    assert (task.trigger_rule, task.weight_rule) == (TriggerRule.ALL_SUCCESS, "downstream")
    assert task.do_xcom_push
    assert not task.depends_on_past
    assert not task.has_dag()


def test_an_unknown_argument_names_the_operator_the_task_and_what_was_meant() -> None:
    with pytest.raises(UnknownArgumentError) as caught:
        CopyOperator(task_id="copy", source="a", retrys=3)
    assert str(caught.value) == "CopyOperator 'copy' has no argument 'retrys' (did you mean 'retries'?)"
    assert caught.value.names == ("retrys",)


def test_unknown_arguments_pass_in_a_file_of_the_first_era() -> None:
    with using_era(AIRFLOW_1):
        task = CopyOperator(task_id="copy", source="a", adhoc=True, whatever=1)
    assert task.source == "a"


def test_a_missing_argument_is_named_and_a_misspelt_one_pointed_at() -> None:
    with pytest.raises(MissingArgumentError) as caught:
        CopyOperator(task_id="copy", sorce="a")
    assert str(caught.value) == "CopyOperator 'copy': missing keyword argument 'source'; is 'sorce' misspelt?"
    assert caught.value.args == ("missing keyword argument 'source'",)


def test_an_operator_that_forgets_its_base_is_told_so() -> None:
    class Forgetful(BaseOperator):
        def __init__(self, **kwargs: Any) -> None:
            self.kwargs = kwargs

    with pytest.raises(InvalidDagError, match=r"Forgetful.__init__\(\) does not call super\(\).__init__"):
        Forgetful(task_id="t")


def test_template_fields_that_lost_their_comma_are_one_field() -> None:
    class Query(BaseOperator):
        template_fields = "sql"

    assert Query.template_fields == ("sql",)


def test_positional_arguments_are_refused() -> None:
    with pytest.raises(
        AirflowException, match="takes keyword arguments only; got 1 without a name, the first is 'copy'"
    ):
        CopyOperator("copy", source="a")


@pytest.mark.parametrize(
    ("old", "new", "value"),
    [("task_concurrency", "max_active_tis_per_dag", 3), ("xcom_push", "do_xcom_push", False)],
)
def test_old_names_keep_their_meaning(old: str, new: str, value: Any) -> None:
    task = BaseOperator(task_id="t", **{old: value})
    assert getattr(task, new) == value


def test_old_arguments_without_a_meaning_are_accepted() -> None:
    BaseOperator(task_id="t", provide_context=True, resources={"cpus": 2}, adhoc=False)


def test_old_names_in_default_args_count_as_well() -> None:
    with DAG("etl", default_args={"xcom_push": False}):
        assert not BaseOperator(task_id="t").do_xcom_push


def test_durations_may_be_seconds() -> None:
    task = BaseOperator(
        task_id="t", retry_delay=30, execution_timeout=1.5, max_retry_delay=timedelta(hours=1)
    )
    assert (task.retry_delay, task.execution_timeout) == (timedelta(seconds=30), timedelta(seconds=1.5))


@pytest.mark.parametrize("name", ["dummy", "always", TriggerRule.ALWAYS])
def test_trigger_rules_are_known_by_old_and_new_names(name: Any) -> None:
    assert BaseOperator(task_id="t", trigger_rule=name).trigger_rule is TriggerRule.ALWAYS


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        (
            {"trigger_rule": "sometimes"},
            "BaseOperator 't': there is no trigger rule 'sometimes'; there are all_success, ",
        ),
        (
            {"weight_rule": "heavy"},
            "there is no weight rule 'heavy'; there are downstream, upstream, absolute",
        ),
        ({"retries": "many"}, "retries must be a whole number, got str: 'many'"),
        ({"retries": -1}, "retries must be at least 0, got -1"),
        ({"pool_slots": 0}, "pool_slots must be at least 1, got 0"),
        ({"retry_delay": "soon"}, "retry_delay must be a timedelta or a number of seconds, got str: 'soon'"),
        ({"on_failure_callback": "notify"}, "on_failure_callback must be callable, got str: 'n'"),
        ({"start_date": 20300101}, "start_date must be a datetime, got int: 20300101"),
    ],
)
def test_a_bad_value_names_the_argument_and_what_is_possible(kwargs: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidDagError) as caught:
        BaseOperator(task_id="t", **kwargs)
    assert message in str(caught.value)


@pytest.mark.parametrize("task_id", ["", "a b", "a/b", 7, "x" * 251])
def test_a_task_id_must_be_a_key(task_id: Any) -> None:
    with pytest.raises(InvalidKeyError):
        BaseOperator(task_id=task_id)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (datetime(2030, 1, 1), datetime(2030, 1, 1, tzinfo=UTC)),
        (date(2030, 1, 1), datetime(2030, 1, 1, tzinfo=UTC)),
        ("2030-01-01T03:00:00+03:00", datetime(2030, 1, 1, tzinfo=UTC)),
        (None, None),
    ],
)
def test_dates_become_aware_and_utc(given: Any, expected: datetime | None) -> None:
    assert BaseOperator(task_id="t", start_date=given).start_date == expected


def test_wait_for_downstream_implies_depends_on_past() -> None:
    assert BaseOperator(task_id="t", wait_for_downstream=True).depends_on_past


def test_callbacks_may_be_one_or_several() -> None:
    task = BaseOperator(task_id="t", on_failure_callback=print, on_success_callback=[print, repr])
    assert (task.on_failure_callback, task.on_success_callback) == ([print], [print, repr])


class TestDefaultArgs:
    def test_they_fill_what_is_left_out_at_every_level_of_inheritance(self) -> None:
        with DAG("etl", default_args={"retries": 2, "target": "here", "verbose": True, "unused": 1}):
            task = VerboseCopyOperator(task_id="copy")
        assert (task.retries, task.target, task.verbose, task.source) == (2, "here", True, "fixed")

    def test_an_argument_that_is_given_wins(self) -> None:
        with DAG("etl", default_args={"retries": 2}):
            assert BaseOperator(task_id="t", retries=0).retries == 0

    def test_groups_override_the_dag_from_the_outside_in_and_the_task_overrides_both(self) -> None:
        defaults = {"retries": 1, "queue": "dag", "owner": "dag", "pool": "dag"}
        with (
            DAG("etl", default_args=defaults),
            TaskGroup("a", default_args={"retries": 2, "queue": "a", "owner": "a"}),
            TaskGroup("b", default_args={"retries": 3, "queue": "b"}),
        ):
            task = BaseOperator(task_id="t", default_args={"retries": 4})
        assert (task.retries, task.queue, task.owner, task.pool) == (4, "b", "a", "dag")

    def test_they_satisfy_required_arguments(self) -> None:
        with DAG("etl", default_args={"source": "from defaults"}):
            assert CopyOperator(task_id="copy").source == "from defaults"

    def test_they_are_found_through_the_dag_argument(self) -> None:
        dag = DAG("etl", default_args={"retries": 7})
        assert BaseOperator(task_id="t", dag=dag).retries == 7

    def test_params_are_merged_from_dag_defaults_and_task(self) -> None:
        with DAG("etl", params={"a": 1, "b": 1}, default_args={"params": {"b": 2, "c": 2}}):
            task = BaseOperator(task_id="t", params={"c": 3, "d": 3})
        assert task.params.dump() == {"a": 1, "b": 1, "c": 3, "d": 3} | {"b": 2}

    def test_they_do_not_leak_between_tasks(self) -> None:
        with DAG("etl"):
            first = BaseOperator(task_id="first", default_args={"retries": 5})
            assert (first.retries, BaseOperator(task_id="second").retries) == (5, 0)


def test_two_tasks_of_one_id_are_an_error_that_names_the_dag() -> None:
    with DAG("etl"):
        BaseOperator(task_id="t")
        with pytest.raises(DuplicateTaskIdFound, match="DAG 'etl' has a task or group 't' already"):
            BaseOperator(task_id="t")


def test_a_task_and_a_group_share_one_name_space() -> None:
    with DAG("etl"):
        TaskGroup("part")
        with pytest.raises(DuplicateTaskIdFound, match="'part'"):
            BaseOperator(task_id="part")


def test_a_task_cannot_move_to_another_dag() -> None:
    task = BaseOperator(task_id="t", dag=DAG("one"))
    with pytest.raises(
        InvalidDagError, match="task 't' belongs to DAG 'one' already; it cannot move to 'two'"
    ):
        task.dag = DAG("two")


def test_a_task_may_be_given_to_a_dag_later() -> None:
    task, dag = BaseOperator(task_id="t"), DAG("etl")
    task.dag = dag
    assert dag.get_task("t") is task
    assert task.dag_id == "etl"


def test_a_deep_copy_shares_what_the_class_says_and_nothing_else() -> None:
    class Holder(BaseOperator):
        shallow_copy_attrs = ("client",)

        def __init__(self, client: list[str], rows: list[str], **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.client = client
            self.rows = rows

    task = Holder(task_id="t", client=[], rows=[])
    copied = deepcopy(task)
    assert copied.client is task.client
    assert copied.rows == task.rows
    assert copied.rows is not task.rows
    assert copied.log is task.log


def test_an_argument_that_a_class_has_again_is_left_alone() -> None:
    adapter = ArgumentAdapter(renamed={"project": "project_id"}, without_effect=frozenset({"at_once"}))
    given: dict[str, Any] = {"project": "p", "at_once": False}
    adapter.apply(given, {}, taken=("project", "at_once"))
    assert given == {"project": "p", "at_once": False}

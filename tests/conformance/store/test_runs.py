"""Runs: made by users, listed, and loaded by a new leader."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from etesian.lifecycle.records import DagRunRecord, RunKey
from etesian.lifecycle.state import RunState, RunType, TaskState
from etesian.protocol.commands import RunRequested
from etesian.spec.schedule import SchedulePoint
from etesian.store import Store
from etesian.store.errors import RunExistsError, UnknownDagError, UnknownRunError
from etesian.store.queries import inbox, runs, task_instances
from etesian.store.queries.page import Paging
from etesian.store.queries.patterns import Between
from etesian.store.queries.runs import RunFilter
from tests.conformance.store.samples import (
    DAY,
    HOUR,
    NOW,
    RUN_KEY,
    SECOND,
    Scheduler,
    a_run,
    a_spec,
    a_task,
    save_spec,
)


@pytest.fixture
def scheduler(store: Store) -> Scheduler:
    save_spec(store, a_spec())
    save_spec(store, a_spec("other", file="other.py"))
    return Scheduler(store)


def ids(store: Store, wanted: RunFilter, paging: Paging | None = None) -> list[str]:
    with store.read() as connection:
        return [run.run_id for run in runs.list_runs(connection, wanted, paging or Paging()).items]


def insert(store: Store, run: DagRunRecord) -> None:
    with store.write() as connection:
        runs.insert_run(connection, run, now=NOW)


def test_a_requested_run_is_stored_together_with_the_request(store: Store, scheduler: Scheduler) -> None:
    run = msgspec.structs.replace(a_run(state=RunState.QUEUED), conf={"a": 1}, queued_at=NOW)
    insert(store, run)
    with store.write() as connection:
        assert runs.load_run(connection, RUN_KEY) == run
        assert inbox.read(connection)[-1].command == RunRequested(dag_id="etl", run_id="r1")


def test_a_requested_run_needs_a_dag(store: Store) -> None:
    with pytest.raises(UnknownDagError, match="'etl' is not known"):
        insert(store, a_run())


def test_a_run_id_is_given_once_per_dag(store: Store, scheduler: Scheduler) -> None:
    insert(store, a_run())
    insert(store, a_run(dag_id="other"))
    with pytest.raises(RunExistsError, match="already has a run 'r1'; choose another run_id"):
        insert(store, a_run(logical_date=NOW))


def test_a_logical_date_is_given_once_per_dag(store: Store, scheduler: Scheduler) -> None:
    insert(store, a_run("first", logical_date=NOW))
    insert(store, a_run("first", dag_id="other", logical_date=NOW))
    with pytest.raises(RunExistsError, match="'first' with the logical date wanted for 'second'"):
        insert(store, a_run("second", logical_date=NOW))
    with store.read() as connection:
        assert runs.find_run_in_the_way(connection, a_run("second", logical_date=NOW)) == "first"
        assert runs.find_run_in_the_way(connection, a_run("second")) is None
    with store.write() as connection:
        assert [row.command.dag_id for row in inbox.read(connection)[2:]] == ["etl", "other"]  # type: ignore[union-attr]


def test_an_unknown_run_is_named(store: Store, scheduler: Scheduler) -> None:
    with store.read() as connection, pytest.raises(UnknownRunError, match="DAG 'etl' has no run 'r1'"):
        runs.load_run(connection, RUN_KEY)


def test_lists_are_filtered(store: Store, scheduler: Scheduler) -> None:
    failed = a_run("r2", state=RunState.FAILED, run_after=NOW + HOUR, logical_date=NOW, ended_at=NOW + DAY)
    scheduler.save(
        a_run("r1", run_type=RunType.SCHEDULED),
        failed,
        msgspec.structs.replace(
            a_run("r3", dag_id="other", state=RunState.SUCCESS), conf={"k": "find me"}, triggering_user="ann"
        ),
    )
    assert ids(store, RunFilter()) == ["r1", "r2", "r3"]
    assert ids(store, RunFilter(dag_ids=["etl"])) == ["r1", "r2"]
    assert ids(store, RunFilter(dag_id_pattern="oth")) == ["r3"]
    assert ids(store, RunFilter(run_ids=["r1", "r3"])) == ["r1", "r3"]
    assert ids(store, RunFilter(run_id_pattern="%2")) == ["r2"]
    assert ids(store, RunFilter(states=[RunState.FAILED])) == ["r2"]
    assert ids(store, RunFilter(states=[RunState.RUNNING])) == ["r1"]
    assert ids(store, RunFilter(states=[RunState.RUNNING, RunState.SUCCESS])) == ["r1", "r3"]
    assert ids(store, RunFilter(states=[])) == []
    assert ids(store, RunFilter(run_types=[RunType.SCHEDULED])) == ["r1"]
    assert ids(store, RunFilter(run_after=Between(since=NOW + HOUR))) == ["r2"]
    assert ids(store, RunFilter(run_after=Between(after=NOW, before=NOW + DAY))) == ["r2"]
    assert ids(store, RunFilter(logical_date=Between(until=NOW))) == ["r2"]
    assert ids(store, RunFilter(logical_dates=[NOW, NOW + HOUR])) == ["r2"]
    assert ids(store, RunFilter(ended_at=Between(since=NOW))) == ["r2"]
    assert ids(store, RunFilter(conf_contains="find me")) == ["r3"]
    assert ids(store, RunFilter(triggering_user_pattern="nn")) == ["r3"]
    assert ids(store, RunFilter(version_hash="v1", started_at=Between(since=NOW))) == []


def test_rows_without_a_value_come_last_when_the_newest_come_first(
    store: Store, scheduler: Scheduler
) -> None:
    scheduler.save(a_run("none"), a_run("old", logical_date=NOW), a_run("new", logical_date=NOW + DAY))
    assert ids(store, RunFilter(), Paging(order_by=["-logical_date"])) == ["new", "old", "none"]
    assert ids(store, RunFilter(), Paging(order_by=["logical_date"])) == ["none", "old", "new"]


def test_equal_values_are_ordered_the_same_on_every_page(store: Store, scheduler: Scheduler) -> None:
    scheduler.save(*(a_run(f"r{number}") for number in range(6)))
    pages = [
        ids(store, RunFilter(), Paging(order_by=["-run_after"], limit=2, offset=offset))
        for offset in (0, 2, 4)
    ]
    assert pages == [["r5", "r4"], ["r3", "r2"], ["r1", "r0"]]


def test_runs_are_counted_by_state(store: Store, scheduler: Scheduler) -> None:
    scheduler.save(a_run("r1"), a_run("r2"), a_run("r3", state=RunState.FAILED), a_run("r4", dag_id="other"))
    with store.read() as connection:
        counts = runs.count_runs_by_state(connection, RunFilter(dag_ids=["etl"]))
        assert counts == {RunState.RUNNING: 2, RunState.FAILED: 1}
        assert runs.list_runs(connection, RunFilter(dag_ids=["etl"]), Paging(limit=1)).total == 3


def test_the_newest_runs_of_several_dags_are_found(store: Store, scheduler: Scheduler) -> None:
    scheduler.save(*(a_run(f"r{number}", run_after=NOW + number * HOUR) for number in range(3)))
    with store.read() as connection:
        found = runs.load_newest_runs(connection, ["etl", "other"], limit=2)
    assert {dag_id: [run.run_id for run in of_dag] for dag_id, of_dag in found.items()} == {
        "etl": ["r2", "r1"],
        "other": [],
    }


def test_a_new_leader_loads_what_is_unfinished(store: Store, scheduler: Scheduler) -> None:
    scheduler.save(
        a_run("running"),
        a_run("queued", state=RunState.QUEUED),
        a_run("done", state=RunState.SUCCESS),
        a_run("failed with a task running", state=RunState.FAILED),
        a_task(run_id="done", state=TaskState.SUCCESS),
        a_task(run_id="failed with a task running", state=TaskState.RUNNING),
    )
    with store.read() as connection:
        found = [run.run_id for run in runs.load_unfinished_runs(connection)]
    assert found == ["running", "queued", "failed with a task running"]


def test_the_newest_point_is_that_of_the_newest_scheduled_run(store: Store, scheduler: Scheduler) -> None:
    newest = msgspec.structs.replace(
        a_run("s2", run_type=RunType.SCHEDULED, run_after=NOW + DAY, logical_date=NOW),
        data_interval_start=NOW,
        data_interval_end=NOW + DAY,
    )
    scheduler.save(
        a_run("s1", run_type=RunType.SCHEDULED, run_after=NOW), newest, a_run("m", run_after=NOW + 2 * DAY)
    )
    point = SchedulePoint(
        run_after=NOW + DAY, logical_date=NOW, data_interval_start=NOW, data_interval_end=NOW + DAY
    )
    with store.read() as connection:
        assert runs.load_newest_points(connection) == {"etl": point}
        assert runs.load_newest_points(connection, ["etl"]) == {"etl": point}
        assert runs.load_newest_points(connection, ["other"]) == {}


def test_dates_that_runs_of_other_types_have_are_taken(store: Store, scheduler: Scheduler) -> None:
    point = SchedulePoint(run_after=NOW + DAY, logical_date=NOW)
    scheduler.save(
        a_run("s", run_type=RunType.SCHEDULED, logical_date=NOW),
        a_run("before", logical_date=NOW - DAY),
        a_run("after", state=RunState.SUCCESS, logical_date=NOW + DAY),
        a_run("no date"),
    )
    with store.read() as connection:
        assert runs.load_taken_dates(connection, "etl", point) == {NOW + DAY}
        assert runs.load_taken_dates(connection, "etl", None) == {NOW - DAY, NOW + DAY}
        assert runs.load_taken_dates(connection, "other", None) == frozenset()


def test_failed_runs_are_counted_back_from_the_newest(store: Store, scheduler: Scheduler) -> None:
    states = [RunState.FAILED, RunState.SUCCESS, RunState.FAILED, RunState.FAILED, RunState.RUNNING]
    scheduler.save(*(a_run(f"r{n}", state=state, run_after=NOW + n * HOUR) for n, state in enumerate(states)))
    with store.read() as connection:
        assert runs.count_failed_in_a_row(connection, "etl", limit=10) == 2
        assert runs.count_failed_in_a_row(connection, "etl", limit=1) == 1
        assert runs.count_failed_in_a_row(connection, "other", limit=10) == 0


def test_the_run_before_a_date_is_found(store: Store, scheduler: Scheduler) -> None:
    scheduler.save(
        a_run("r1", logical_date=NOW, state=RunState.SUCCESS),
        a_run("r2", logical_date=NOW + DAY, state=RunState.FAILED),
        a_run("r3"),
    )
    with store.read() as connection:
        previous = runs.load_previous_run(connection, "etl", NOW + 2 * DAY)
        assert previous is not None
        assert previous.run_id == "r2"
        successful = runs.load_previous_run(connection, "etl", NOW + 2 * DAY, state=RunState.SUCCESS)
        assert successful is not None
        assert successful.run_id == "r1"
        assert runs.load_previous_run(connection, "etl", NOW) is None


def test_moments_keep_their_microseconds_and_come_back_in_utc(store: Store, scheduler: Scheduler) -> None:
    moment = NOW + timedelta(microseconds=123_456)
    scheduler.save(a_run("r1", run_after=moment))
    with store.read() as connection:
        found = runs.load_run(connection, RunKey("etl", "r1")).run_after
    assert (found, str(found.tzinfo)) == (moment, "UTC")


def test_a_naive_moment_is_refused(store: Store, scheduler: Scheduler) -> None:
    with pytest.raises(ValueError, match="aware moments only"):
        scheduler.save(a_run(run_after=NOW.replace(tzinfo=None)))


def test_how_long_the_newest_successful_runs_took_is_known(store: Store, scheduler: Scheduler) -> None:
    def took(run_id: str, seconds: int, state: RunState, day: int) -> DagRunRecord:
        begun = NOW + day * DAY
        run = a_run(run_id, state=state, run_after=begun, ended_at=begun + seconds * SECOND)
        return msgspec.structs.replace(run, started_at=begun)

    scheduler.save(
        took("r1", 10, RunState.SUCCESS, 1),
        took("r2", 20, RunState.SUCCESS, 2),
        took("r3", 30, RunState.FAILED, 3),
        took("r4", 40, RunState.SUCCESS, 4),
    )
    with store.read() as connection:
        assert runs.load_runtimes(connection, "etl", limit=2) == [40.0, 20.0]
        assert runs.load_runtimes(connection, "other", limit=2) == []


def test_unfinished_runs_may_be_asked_for_of_one_dag(store: Store, scheduler: Scheduler) -> None:
    save_spec(store, a_spec("other", file="other.py"))
    scheduler.save(a_run("r1"), a_run("r2", dag_id="other"), a_task(run_id="r2", dag_id="other"))
    with store.read() as connection:
        (run,) = runs.load_unfinished_runs(connection, "other")
        found = task_instances.load_unfinished_task_instances(connection, "other")
    assert (run.run_id, list(found)) == ("r2", [run.key])

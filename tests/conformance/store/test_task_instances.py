"""Task instances as they are listed and loaded."""

from __future__ import annotations

import msgspec
import pytest

from etesian.lifecycle.records import RunKey
from etesian.lifecycle.state import RunState, TaskState
from etesian.store import Store
from etesian.store.queries import attempts, task_instances
from etesian.store.queries.page import Paging
from etesian.store.queries.patterns import Between
from etesian.store.queries.task_instances import TaskInstanceFilter, UnknownTaskInstanceError
from tests.conformance.store.samples import (
    HOUR,
    NOW,
    RUN_KEY,
    Scheduler,
    a_run,
    a_spec,
    a_task,
    an_attempt,
    key_of,
    save_spec,
)


@pytest.fixture
def scheduler(store: Store) -> Scheduler:
    save_spec(store, a_spec())
    return Scheduler(store)


def names(store: Store, wanted: TaskInstanceFilter, paging: Paging | None = None) -> list[str]:
    with store.read() as connection:
        page = task_instances.list_task_instances(connection, wanted, paging or Paging())
    assert page.total >= len(page.items)
    return [f"{item.run_id}.{item.task_id}[{item.map_index}]" for item in page.items]


def test_an_unknown_task_instance_is_named(store: Store) -> None:
    with store.read() as connection, pytest.raises(UnknownTaskInstanceError, match=r"etl\.t0@r1"):
        task_instances.load_task_instance(connection, key_of())


def test_lists_are_filtered(store: Store, scheduler: Scheduler) -> None:
    scheduler.save(
        a_run("r1"),
        a_run("r2", run_after=NOW + HOUR, logical_date=NOW),
        a_task("t0", state=TaskState.FAILED),
        msgspec.structs.replace(a_task("t1", state=TaskState.RUNNING, pool="p"), queue="q", started_at=NOW),
        a_task("t1", run_id="r2", map_index=3),
    )
    assert names(store, TaskInstanceFilter()) == ["r1.t0[-1]", "r1.t1[-1]", "r2.t1[3]"]
    assert names(store, TaskInstanceFilter(dag_ids=["etl"], run_ids=["r2"])) == ["r2.t1[3]"]
    assert names(store, TaskInstanceFilter(task_ids=["t1"])) == ["r1.t1[-1]", "r2.t1[3]"]
    assert names(store, TaskInstanceFilter(task_id_pattern="0")) == ["r1.t0[-1]"]
    assert names(store, TaskInstanceFilter(map_indexes=[3])) == ["r2.t1[3]"]
    assert names(store, TaskInstanceFilter(states=[TaskState.FAILED])) == ["r1.t0[-1]"]
    assert names(store, TaskInstanceFilter(states=[TaskState.RUNNING, TaskState.QUEUED])) == ["r1.t1[-1]"]
    assert names(store, TaskInstanceFilter(states=[TaskState.NONE])) == ["r2.t1[3]"]
    assert names(store, TaskInstanceFilter(pools=["p"], queues=["q"])) == ["r1.t1[-1]"]
    assert names(store, TaskInstanceFilter(started_at=Between(until=NOW))) == ["r1.t1[-1]"]
    assert names(store, TaskInstanceFilter(logical_dates=[NOW])) == ["r2.t1[3]"]
    assert names(store, TaskInstanceFilter(run_after=Between(after=NOW), version_hash="v1")) == ["r2.t1[3]"]
    assert names(store, TaskInstanceFilter(), Paging(order_by=["-task_id"], limit=1)) == ["r2.t1[3]"]
    assert names(store, TaskInstanceFilter(), Paging(order_by=["-started_at"]))[0] == "r1.t1[-1]"


def test_a_new_leader_loads_all_tasks_of_unfinished_runs(store: Store, scheduler: Scheduler) -> None:
    scheduler.save(
        a_run("open"),
        a_run("done", state=RunState.SUCCESS),
        a_run("stopping", state=RunState.FAILED),
        a_task("t0", run_id="open", state=TaskState.SUCCESS),
        a_task("t1", run_id="open"),
        a_task("t0", run_id="done", state=TaskState.SUCCESS),
        a_task("t0", run_id="stopping", state=TaskState.RESTARTING),
    )
    with store.read() as connection:
        found = task_instances.load_unfinished_task_instances(connection)
    assert {key.run_id: [item.task_id for item in items] for key, items in found.items()} == {
        "open": ["t0", "t1"],
        "stopping": ["t0"],
    }


def test_states_are_counted(store: Store, scheduler: Scheduler) -> None:
    scheduler.save(
        a_run(),
        a_task("t0", state=TaskState.SUCCESS),
        a_task("t1", state=TaskState.SUCCESS),
        msgspec.structs.replace(a_task("t2", state=TaskState.RUNNING), pool_slots=3),
    )
    by_state = {TaskState.SUCCESS: 2, TaskState.RUNNING: 1}
    with store.read() as connection:
        assert task_instances.count_by_state(connection, TaskInstanceFilter()) == by_state
        assert task_instances.count_by_run(connection, [RUN_KEY]) == {RUN_KEY: by_state}
        assert task_instances.count_used_slots(connection) == {"default_pool": {TaskState.RUNNING: 3}}


def test_an_open_attempt_leads_to_its_task(store: Store, scheduler: Scheduler) -> None:
    scheduler.save(
        a_run(),
        msgspec.structs.replace(a_task("t0", state=TaskState.RUNNING), attempt_id="open"),
        msgspec.structs.replace(a_task("t1", state=TaskState.SUCCESS), attempt_id="ended"),
    )
    with store.read() as connection:
        assert task_instances.find_attempt(connection, "open") == key_of("t0")
        assert task_instances.find_attempt(connection, "ended") is None


def test_tries_are_listed_in_their_order(store: Store, scheduler: Scheduler) -> None:
    scheduler.save(
        a_run(),
        an_attempt("a2", try_number=2),
        an_attempt("a1", try_number=1),
        an_attempt("b1", task_id="t1"),
    )
    with store.read() as connection:
        assert [item.attempt_id for item in attempts.load_attempts(connection, key_of())] == ["a1", "a2"]
        of_run = attempts.load_attempts_of_run(connection, RUN_KEY)
        assert attempts.load_attempts_of_run(connection, RunKey("etl", "r9")) == []
    assert [item.attempt_id for item in of_run] == ["a1", "a2", "b1"]


def test_a_nul_character_in_a_message_stops_nothing(store: Store, scheduler: Scheduler) -> None:
    scheduler.save(a_run(), msgspec.structs.replace(a_task(), reason="bad \0 byte", note="\0"))
    with store.read() as connection:
        assert task_instances.load_task_instance(connection, key_of()).reason == "bad \ufffd byte"


def test_a_huge_priority_is_kept(store: Store, scheduler: Scheduler) -> None:
    scheduler.save(a_run(), msgspec.structs.replace(a_task(), priority=10**12))
    with store.read() as connection:
        assert task_instances.load_task_instance(connection, key_of()).priority == 10**12

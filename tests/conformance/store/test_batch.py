"""The scheduler's write path."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import pytest
from sqlalchemy import delete, func, select

from etesian.lifecycle.records import AttemptRecord, DagRunRecord, RunKey, TaskInstanceRecord, TaskKey
from etesian.lifecycle.state import RunState, RunType, TaskState
from etesian.protocol.commands import PoolsChanged
from etesian.protocol.reports import AssetEventReport, AttemptUsage, Usage, XComValue
from etesian.spec.schedule import SchedulePoint
from etesian.store import Store
from etesian.store.batch import Batch, write_batch
from etesian.store.errors import LeadershipLostError, StaleMemoryError, UnknownDagError
from etesian.store.queries import (
    assets,
    attempts,
    callbacks,
    dags,
    inbox,
    leader,
    rendered_fields,
    runs,
    task_instances,
    triggers,
    xcoms,
)
from etesian.store.queries.page import Paging
from etesian.store.tables import attempts_table, dag_runs_table, task_instances_table, xcoms_table
from tests.conformance.store.samples import (
    DAY,
    HOUR,
    LEASE,
    NOW,
    RUN_KEY,
    SECOND,
    Recorded,
    Scheduler,
    a_callback,
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


def full_run() -> DagRunRecord:
    return DagRunRecord(
        dag_id="etl",
        run_id="scheduled__2030-01-01T00:00:00+00:00",
        run_type=RunType.SCHEDULED,
        state=RunState.RUNNING,
        run_after=NOW,
        version_hash="abc",
        logical_date=NOW - DAY,
        data_interval_start=NOW - DAY,
        data_interval_end=NOW,
        queued_at=NOW,
        started_at=NOW + SECOND,
        ended_at=NOW + timedelta(microseconds=1),
        conf={"a": [1, "ü", None]},
        note="a note",
        triggered_by="cli",
        triggering_user="ann",
        backfill_id="b1",
        clear_number=3,
        reason="a reason",
        partition_key="2030-01-01",
        marked=RunState.FAILED,
        bundle_version="c0ffee",
    )


def full_task() -> TaskInstanceRecord:
    return TaskInstanceRecord(
        dag_id="etl",
        run_id="r1",
        task_id="t0",
        map_index=7,
        state=TaskState.DEFERRED,
        try_number=2,
        max_tries=3,
        attempt_id="0190-1",
        executor="local",
        pool="etl",
        pool_slots=2,
        priority=-5,
        queue="fast",
        operator="PythonOperator",
        scheduled_at=NOW,
        queued_at=NOW + SECOND,
        started_at=NOW + 2 * SECOND,
        ended_at=NOW + 3 * SECOND,
        wake_at=NOW + HOUR,
        first_started_at=NOW,
        hostname="host",
        pid=4242,
        trigger_id="tr1",
        resume=b'{"method":"m"}',
        rendered_map_index="seven",
        note="n",
        reason="r",
        skipped_by="branch",
    )


def test_a_run_comes_back_as_it_was_written(store: Store, scheduler: Scheduler) -> None:
    scheduler.save(full_run())
    with store.read() as connection:
        assert runs.load_run(connection, full_run().key) == full_run()


def test_a_task_instance_comes_back_as_it_was_written(store: Store, scheduler: Scheduler) -> None:
    scheduler.save(a_run(), full_task())
    with store.read() as connection:
        assert task_instances.load_task_instance(connection, full_task().key) == full_task()


def test_every_field_of_a_record_is_set_by_these_tests() -> None:
    for record in (full_run(), full_task()):
        unset = [
            field.name
            for field in msgspec.structs.fields(record)
            if not field.required and getattr(record, field.name) == field.default
        ]
        assert unset == []


def test_writing_again_replaces_the_rows(store: Store, scheduler: Scheduler) -> None:
    scheduler.save(a_run(), a_task())
    done = msgspec.structs.replace(a_run(), state=RunState.SUCCESS, ended_at=NOW)
    scheduler.save(done, a_task(state=TaskState.SUCCESS), new=False)
    with store.read() as connection:
        assert runs.load_run(connection, RUN_KEY) == done
        assert task_instances.load_states(connection, RUN_KEY) == [("t0", -1, TaskState.SUCCESS)]


def test_many_task_instances_are_written_at_once(store: Store, scheduler: Scheduler) -> None:
    tasks = [a_task("t0", map_index=index, state=TaskState.SCHEDULED) for index in range(1500)]
    scheduler.save(a_run(), *tasks)
    with store.read() as connection:
        assert task_instances.load_task_instances_of_run(connection, RUN_KEY) == tasks


def test_a_stale_epoch_is_refused_and_nothing_is_written(store: Store, scheduler: Scheduler) -> None:
    with store.write() as connection:
        assert leader.acquire(connection, "another", NOW + LEASE, LEASE) == scheduler.epoch + 1
    with pytest.raises(LeadershipLostError, match="epoch is 2"):
        scheduler.save(a_run())
    with store.read() as connection:
        assert not runs.has_run(connection, RUN_KEY)


def test_without_a_leader_every_batch_is_refused(store: Store) -> None:
    with pytest.raises(LeadershipLostError, match="nobody leads"), store.write() as connection:
        write_batch(connection, Batch(), epoch=1)


def test_a_batch_that_fails_leaves_nothing_behind(store: Store, scheduler: Scheduler) -> None:
    with pytest.raises(StaleMemoryError, match="'r9'"):
        scheduler.save(a_run(), a_task(run_id="r9"))
    with store.read() as connection:
        assert not runs.has_run(connection, RUN_KEY)


def test_a_run_of_a_rolled_back_batch_can_be_written_again(store: Store, scheduler: Scheduler) -> None:
    with pytest.raises(StaleMemoryError):
        scheduler.save(a_run(), a_task(run_id="r9"))
    scheduler.save(a_run("other"))
    scheduler.save(a_run(), a_task())
    scheduler.save(a_task(state=TaskState.RUNNING))
    with store.read() as connection:
        assert task_instances.load_states(connection, RUN_KEY) == [("t0", -1, TaskState.RUNNING)]
        assert task_instances.load_states(connection, RunKey("etl", "other")) == []


def test_a_run_needs_a_known_dag(scheduler: Scheduler) -> None:
    with pytest.raises(StaleMemoryError, match="'nope'"):
        scheduler.save(a_run(dag_id="nope"))


def test_a_run_that_somebody_else_deleted_ends_the_leader_s_term(store: Store, scheduler: Scheduler) -> None:
    scheduler.save(a_run(), a_task())
    scheduler.save(a_task(state=TaskState.RUNNING))
    with store.write() as connection:
        connection.execute(delete(dag_runs_table))
    with pytest.raises(StaleMemoryError, match="not as this scheduler remembers"):
        scheduler.save(a_task(state=TaskState.SUCCESS))
    scheduler.save(a_run(), a_task("t1"))
    with store.read() as connection:
        assert task_instances.load_states(connection, RUN_KEY) == [("t1", -1, TaskState.NONE)]


def test_a_taken_run_id_is_named(scheduler: Scheduler) -> None:
    scheduler.save(a_run())
    with pytest.raises(StaleMemoryError, match="already has a run 'r1'"):
        scheduler.save(a_run())


def test_a_taken_logical_date_names_the_run_that_has_it(scheduler: Scheduler) -> None:
    scheduler.save(a_run("mine", logical_date=NOW))
    with pytest.raises(StaleMemoryError, match="run 'mine' with the logical date"):
        scheduler.save(a_run("theirs", logical_date=NOW))


def test_many_runs_may_have_no_logical_date(store: Store, scheduler: Scheduler) -> None:
    scheduler.save(a_run("r1"), a_run("r2"))
    with store.read() as connection:
        assert len(runs.load_unfinished_runs(connection)) == 2


def test_an_attempt_is_kept_and_its_usage_is_added_later(store: Store, scheduler: Scheduler) -> None:
    ended = an_attempt()
    scheduler.save(a_run(), a_task(), ended)
    usage = Usage(peak_memory_bytes=5_000_000_000, cpu_seconds=1.5, exit_code=0, exit_signal=9)
    scheduler.write(Batch(attempt_usage=[AttemptUsage(attempt_id="a1", usage=usage)]))
    with store.read() as connection:
        found = attempts.load_attempts(connection, key_of())
    assert found == [msgspec.structs.replace(ended, **msgspec.structs.asdict(usage))]


def test_usage_of_an_unknown_attempt_is_ignored(scheduler: Scheduler) -> None:
    scheduler.write(Batch(attempt_usage=[AttemptUsage(attempt_id="nobody", usage=Usage())]))


def test_an_attempt_comes_back_as_it_was_written(store: Store, scheduler: Scheduler) -> None:
    full = AttemptRecord(
        attempt_id="a9",
        dag_id="etl",
        run_id="r1",
        task_id="t0",
        map_index=3,
        try_number=2,
        state=TaskState.FAILED,
        queued_at=NOW,
        started_at=NOW,
        ended_at=NOW,
        hostname="h",
        pid=1,
        executor="local",
        exit_code=1,
        exit_signal=2,
        peak_memory_bytes=3,
        cpu_seconds=0.25,
        reason="why",
    )
    scheduler.save(a_run(), full)
    with store.read() as connection:
        assert attempts.load_attempt(connection, "a9") == full
        assert attempts.load_attempt(connection, "a8") is None


def test_xcoms_are_cleared_before_new_ones_are_written(store: Store, scheduler: Scheduler) -> None:
    scheduler.save(a_run(), a_task())
    key = key_of()
    scheduler.write(
        Batch(xcoms=[(key, XComValue(key="old", value=b"1")), (key, XComValue(key="k", value=b"2"))])
    )
    scheduler.write(Batch(cleared_xcoms=[key], xcoms=[(key, XComValue(key="k", value=b"[3]", length=1))]))
    with store.read() as connection:
        found = xcoms.load_xcoms_of_task(connection, key)
    assert [(item.key, item.value, item.length) for item in found] == [("k", b"[3]", 1)]


def test_clearing_xcoms_of_a_run_that_begins_with_the_batch_is_harmless(scheduler: Scheduler) -> None:
    run, task = a_run(), a_task()
    scheduler.write(
        Batch(
            runs={run.key: run},
            new_runs={run.key},
            task_instances={task.key: task},
            cleared_xcoms=[task.key],
            deleted_task_instances=[key_of("t9")],
        )
    )


def test_deleted_task_instances_take_what_belongs_to_them_along(store: Store, scheduler: Scheduler) -> None:
    scheduler.save(a_run(), a_task("t0"), a_task("t1"), an_attempt(task_id="t0"))
    scheduler.write(Batch(xcoms=[(key_of("t0"), XComValue(key="k", value=b"1"))]))
    scheduler.write(Batch(deleted_task_instances=[key_of("t0")]))
    with store.read() as connection:
        assert task_instances.load_states(connection, RUN_KEY) == [("t1", -1, TaskState.NONE)]
        for table in (xcoms_table, attempts_table):
            assert connection.execute(select(func.count()).select_from(table)).scalar() == 0


def test_rendered_fields_are_replaced(store: Store, scheduler: Scheduler) -> None:
    scheduler.save(a_run(), a_task())
    scheduler.write(Batch(rendered_fields=[(key_of(), b'{"a":1}')]))
    scheduler.write(Batch(rendered_fields=[(key_of(), b'{"a":2}')]))
    with store.read() as connection:
        assert rendered_fields.load_rendered_fields(connection, key_of()) == b'{"a":2}'
        assert rendered_fields.load_rendered_fields(connection, key_of("t1")) is None


class ATrigger(msgspec.Struct, frozen=True, kw_only=True):
    trigger_id: str = "tr1"
    key: TaskKey = TaskKey("etl", "r1", "t0")
    trigger_class: str = "a.Trigger"
    trigger_kwargs: bytes = b"{}"
    timeout_at: datetime | None = NOW


def test_triggers_are_stored_and_cancelled(store: Store, scheduler: Scheduler) -> None:
    scheduler.save(a_run(), a_task())
    scheduler.write(Batch(triggers_started=[ATrigger(), ATrigger(trigger_id="tr2", timeout_at=None)]))
    with store.read() as connection:
        first, second = triggers.load_triggers(connection)
    assert (first.trigger_id, first.key, first.trigger_class, first.timeout_at) == (
        "tr1",
        key_of(),
        "a.Trigger",
        NOW,
    )
    assert second.timeout_at is None
    scheduler.write(Batch(triggers_cancelled=["tr1"]))
    with store.read() as connection:
        assert [trigger.trigger_id for trigger in triggers.load_triggers(connection)] == ["tr2"]


def test_callbacks_are_kept_until_they_have_run(store: Store, scheduler: Scheduler) -> None:
    scheduler.write(Batch(callbacks_saved=[a_callback("cb1"), a_callback("cb2")], now=NOW))
    with store.read() as connection:
        assert callbacks.load_pending(connection) == [a_callback("cb1"), a_callback("cb2")]
    scheduler.write(Batch(callbacks_forgotten=["cb1"]))
    with store.read() as connection:
        assert callbacks.load_pending(connection) == [a_callback("cb2")]


def test_the_next_run_is_shown_and_taken_back(store: Store, scheduler: Scheduler) -> None:
    point = SchedulePoint(
        run_after=NOW, logical_date=NOW - DAY, data_interval_start=NOW - DAY, data_interval_end=NOW
    )
    scheduler.write(Batch(next_runs={"etl": point}))
    with store.read() as connection:
        dag = dags.load_dag(connection, "etl")
    assert (dag.next_run_after, dag.next_logical_date) == (NOW, NOW - DAY)
    assert (dag.next_data_interval_start, dag.next_data_interval_end) == (NOW - DAY, NOW)
    scheduler.write(Batch(next_runs={"etl": None}))
    with store.read() as connection:
        assert dags.load_dag(connection, "etl").next_run_after is None


def test_a_dag_is_paused_for_a_reason_until_somebody_unpauses_it(store: Store, scheduler: Scheduler) -> None:
    with store.write() as connection:
        dags.set_paused(connection, "etl", False, now=NOW)
    scheduler.write(Batch(paused_dags={"etl": "its last 3 runs failed"}))
    with store.read() as connection:
        paused = dags.load_dag(connection, "etl")
    assert (paused.is_paused, paused.pause_reason) == (True, "its last 3 runs failed")
    with store.write() as connection:
        dags.set_paused(connection, "etl", False, now=NOW)
        assert dags.load_dag(connection, "etl").pause_reason is None


def test_asset_events_are_stored_with_their_source(store: Store, scheduler: Scheduler) -> None:
    scheduler.save(a_run(), a_task())
    report = AssetEventReport(name="table", uri="s3://table", alias="al", extra={"rows": 3})
    scheduler.write(
        Batch(
            now=NOW,
            asset_events=[
                Recorded((report,), key_of(), "task"),
                Recorded((AssetEventReport(uri="s3://table"),)),
                Recorded((AssetEventReport(uri="s3://table"),), origin="watcher"),
            ],
        )
    )
    with store.read() as connection:
        first, second, third = assets.list_events(connection, assets.AssetEventFilter(), Paging()).items
    assert (first.name, first.uri, first.alias, first.extra) == ("table", "s3://table", "al", {"rows": 3})
    assert (first.source, first.source_dag_id, first.source_task_id) == ("task", "etl", "t0")
    assert (second.asset_id, second.source, second.source_dag_id) == (first.asset_id, "api", None)
    assert (third.source, third.source_dag_id) == ("watcher", None)
    assert first.created_at == NOW


def test_a_run_remembers_the_asset_events_that_caused_it(store: Store, scheduler: Scheduler) -> None:
    scheduler.write(
        Batch(asset_events=[Recorded((AssetEventReport(uri="s3://a"), AssetEventReport(uri="s3://b")))])
    )
    with store.read() as connection:
        events = assets.list_events(connection, assets.AssetEventFilter(), Paging()).items
    scheduler.save(a_run())
    scheduler.write(Batch(consumed_asset_events=[(RUN_KEY, (events[0].id,))]))
    with store.read() as connection:
        assert assets.load_events_of_run(connection, RUN_KEY) == [events[0]]
        again = assets.list_events(connection, assets.AssetEventFilter(), Paging()).items
    assert [event.consumers for event in again] == [(RUN_KEY,), ()]


def test_a_forgotten_run_takes_everything_along(store: Store, scheduler: Scheduler) -> None:
    scheduler.save(a_run(), a_task(), an_attempt())
    scheduler.write(Batch(xcoms=[(key_of(), XComValue(key="k", value=b"1"))], triggers_started=[ATrigger()]))
    scheduler.write(Batch(forgotten_runs=[RUN_KEY, RunKey("etl", "never was")]))
    with store.read() as connection:
        for table in (dag_runs_table, task_instances_table, attempts_table, xcoms_table):
            assert connection.execute(select(func.count()).select_from(table)).scalar() == 0


def test_a_run_can_be_made_again_after_it_was_forgotten(store: Store, scheduler: Scheduler) -> None:
    scheduler.save(a_run(), a_task())
    scheduler.write(Batch(forgotten_runs=[RUN_KEY]))
    scheduler.save(a_run(), a_task("t1"))
    with store.read() as connection:
        assert task_instances.load_states(connection, RUN_KEY) == [("t1", -1, TaskState.NONE)]


def test_a_forgotten_dag_takes_its_runs_along(store: Store, scheduler: Scheduler) -> None:
    scheduler.save(a_run(), a_task())
    scheduler.write(Batch(forgotten_dags=["etl"]))
    with store.read() as connection:
        assert connection.execute(select(func.count()).select_from(dag_runs_table)).scalar() == 0
        with pytest.raises(UnknownDagError):
            dags.load_dag(connection, "etl")
    save_spec(store, a_spec())
    scheduler.save(a_run(), a_task())


def test_inbox_rows_leave_with_their_effects(store: Store, scheduler: Scheduler) -> None:
    with store.write() as connection:
        inbox.append(connection, PoolsChanged(), PoolsChanged())
        ids = [row.id for row in inbox.read(connection)]
    with pytest.raises(StaleMemoryError):
        scheduler.write(Batch(inbox_ids=ids, rendered_fields=[(key_of(), b"{}")]))
    with store.write() as connection:
        assert [row.id for row in inbox.read(connection)] == ids
    scheduler.write(Batch(inbox_ids=ids))
    with store.write() as connection:
        assert inbox.read(connection) == []

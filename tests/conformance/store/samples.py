"""Values that the tests of the store are made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from etesian.lifecycle.records import AttemptRecord, DagRunRecord, RunKey, TaskInstanceRecord, TaskKey
from etesian.lifecycle.state import RunState, RunType, TaskState
from etesian.protocol.reports import AssetEventReport
from etesian.protocol.workloads import RunCallback, RunContext
from etesian.spec.dag import DagSpec
from etesian.spec.task import TaskSpec
from etesian.store import Store
from etesian.store.batch import Batch, write_batch
from etesian.store.queries import dags, leader

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
LEASE = timedelta(seconds=4)


def a_spec(
    dag_id: str = "etl", *, file: str = "etl.py", tasks: int = 2, tags: tuple[str, ...] = ()
) -> DagSpec:
    return DagSpec(
        dag_id=dag_id,
        file=file,
        tags=tags,
        tasks=tuple(TaskSpec(task_id=f"t{number}") for number in range(tasks)),
    )


def save_spec(
    store: Store, spec: DagSpec, *, bundle: str = "dags", code_hash: str = "c1", source: str = "code"
) -> bool:
    with store.write() as connection:
        return dags.save_spec(connection, spec, bundle=bundle, code_hash=code_hash, source=source, now=NOW)


def a_run(
    run_id: str = "r1",
    *,
    dag_id: str = "etl",
    state: RunState = RunState.RUNNING,
    run_type: RunType = RunType.MANUAL,
    run_after: datetime = NOW,
    logical_date: datetime | None = None,
    ended_at: datetime | None = None,
) -> DagRunRecord:
    return DagRunRecord(
        dag_id=dag_id,
        run_id=run_id,
        run_type=run_type,
        state=state,
        run_after=run_after,
        version_hash="v1",
        logical_date=logical_date,
        ended_at=ended_at,
    )


def a_task(
    task_id: str = "t0",
    *,
    run_id: str = "r1",
    dag_id: str = "etl",
    map_index: int = -1,
    state: TaskState = TaskState.NONE,
    pool: str = "default_pool",
) -> TaskInstanceRecord:
    return TaskInstanceRecord(
        dag_id=dag_id, run_id=run_id, task_id=task_id, map_index=map_index, state=state, pool=pool
    )


def an_attempt(attempt_id: str = "a1", *, task_id: str = "t0", try_number: int = 1) -> AttemptRecord:
    return AttemptRecord(
        attempt_id=attempt_id,
        dag_id="etl",
        run_id="r1",
        task_id=task_id,
        map_index=-1,
        try_number=try_number,
        state=TaskState.SUCCESS,
        started_at=NOW,
        ended_at=NOW + SECOND,
    )


def a_callback(callback_id: str = "cb1", *, dag_id: str = "etl") -> RunCallback:
    run = RunContext(dag_id=dag_id, run_id="r1", run_type="manual", run_after=NOW)
    return RunCallback(
        attempt_id=f"a-{callback_id}", callback_id=callback_id, run=run, kind="failure", file="etl.py"
    )


def key_of(task_id: str = "t0", *, run_id: str = "r1", map_index: int = -1) -> TaskKey:
    return TaskKey("etl", run_id, task_id, map_index)


RUN_KEY = RunKey("etl", "r1")


class Recorded(msgspec.Struct, frozen=True):
    """Asset events to store, as the scheduler's core decides them."""

    events: tuple[AssetEventReport, ...]
    source: TaskKey | None = None
    origin: str = "api"


class Scheduler:
    """The leader of a store, as far as writing batches goes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        with store.write() as connection:
            epoch = leader.acquire(connection, "tests", NOW, LEASE)
        assert epoch is not None
        self.epoch = epoch

    def write(self, batch: Batch) -> None:
        with self._store.write() as connection:
            write_batch(connection, batch, epoch=self.epoch)

    def save(self, *records: DagRunRecord | TaskInstanceRecord | AttemptRecord, new: bool = True) -> None:
        """Write records; runs are new ones unless said otherwise."""
        batch = Batch(now=NOW)
        for record in records:
            match record:
                case DagRunRecord():
                    batch.runs[record.key] = record
                    if new:
                        batch.new_runs.add(record.key)
                case TaskInstanceRecord():
                    batch.task_instances[record.key] = record
                case AttemptRecord():
                    batch.attempts.append(record)
        self.write(batch)

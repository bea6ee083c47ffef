"""Running a DAG in this process: the scheduler's own rules, no database, no server, no waiting."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from etesian.lifecycle.records import DagRunRecord
from etesian.lifecycle.state import RunState, RunType
from etesian.sdk.connections.connection import Connection
from etesian.sdk.dags.dag import DAG
from etesian.sdk.dags.spec_building import build_spec
from etesian.sdk.secrets_backends.base import BaseSecretsBackend
from etesian.sdk.secrets_backends.chain import active_backends, set_backends
from etesian.sdk.xcoms.xcom_arg import NOTSET
from etesian.spec.codec import compute_hash, encode_dag
from etesian.spec.dag import DagSpec
from etesian.spec.schedule import Schedule
from etesian.testing.attempt_runner import AttemptRunner
from etesian.testing.clock import FakeClock, as_moment, using_clock
from etesian.testing.memory_platform import MemoryPlatform, using_platform
from etesian.testing.memory_store import MemoryStore
from etesian.testing.result import RunResult
from etesian.testing.run_driver import RunDriver
from etesian.timetables import manual_interval, points_between

Moment = datetime | str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What a test may say about a run."""

    conf: Mapping[str, Any] = field(default_factory=dict)
    partition_key: str | None = None
    logical_date: Moment | Any | None = NOTSET  #: not given: now; None: the run has none
    run_after: Moment | None = None
    data_interval: tuple[Moment, Moment] | None = None  #: None: as the schedule would have it
    run_id: str | None = None
    run_type: RunType | str = RunType.MANUAL
    variables: Mapping[str, Any] = field(default_factory=dict)
    connections: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[str, Any] = field(default_factory=dict)
    mark_success: str | re.Pattern[str] | None = None
    clock: FakeClock | None = None
    after: RunResult | None = None


def run_dag(dag: DAG, **options: Any) -> RunResult:
    """Run a DAG once, to its end, and return what came of it.

    Options: ``conf`` and ``partition_key``; ``logical_date``, ``run_after`` and ``data_interval`` as datetimes
    or ISO texts; ``run_id`` and ``run_type``; ``variables`` (values that are no text are kept as JSON) and
    ``connections`` (URIs, dicts or ``Connection`` objects), which go before all secrets backends; ``answers`` to
    tasks that ask a person, by task_id; ``mark_success``, a regular expression of task_ids that succeed without being
    run; ``clock``, a ``FakeClock``; ``after``, an earlier result: this run sees its XComs, variables, states
    and asset events.

    Retries, sensors and triggers do not wait: where there is nothing else to do, the clock jumps.

    Raises:
        RunStuckError: the run can neither go on nor end.
        EtesianError: the DAG is not valid.
    """
    return run_with(dag, RunOptions(**options))


def run_with(dag: DAG, options: RunOptions) -> RunResult:
    """Run a DAG once, to its end; see ``run_dag``."""
    clock = options.clock or FakeClock(is_ticking=True)
    store = _make_store(options)
    spec = build_spec(dag, file=dag.fileloc)
    store.specs[spec.dag_id] = encode_dag(spec)
    pattern = options.mark_success
    runner = AttemptRunner(dag, mark_success=None if pattern is None else re.compile(pattern))
    with using_clock(clock), using_platform(MemoryPlatform(store)), _given_secrets(store):
        record = _make_run(spec, options, clock.now())
        RunDriver(spec, store, runner, clock, options.answers).run(record)
    return RunResult(record=store.runs[record.key], store=store, runner=runner)


def _make_store(options: RunOptions) -> MemoryStore:
    store = options.after.store if options.after is not None else MemoryStore()
    for key, value in options.variables.items():
        store.variables[key] = value if isinstance(value, str) else json.dumps(value)
    for conn_id, connection in options.connections.items():
        store.connections[conn_id] = _as_connection(conn_id, connection)
    return store


def _as_connection(conn_id: str, value: Any) -> Connection:
    if isinstance(value, Connection):
        return value
    return (
        Connection.from_text(value, conn_id)
        if isinstance(value, str)
        else Connection.from_dict(value, conn_id)
    )


def _make_run(spec: DagSpec, options: RunOptions, now: datetime) -> DagRunRecord:
    logical_date = _logical_date(options, now)
    run_type = RunType(options.run_type)
    interval: tuple[Moment, Moment] | None = options.data_interval
    if interval is None and logical_date is not None:
        interval = _find_interval(spec.schedule, run_type, logical_date)
    start, end = (None, None) if interval is None else map(as_moment, interval)
    run_after = now if options.run_after is None else as_moment(options.run_after)
    moment = logical_date or run_after
    return DagRunRecord(
        dag_id=spec.dag_id,
        run_id=options.run_id or f"{run_type}__{moment.isoformat()}",
        run_type=run_type,
        state=RunState.QUEUED,
        run_after=run_after,
        version_hash=compute_hash(spec),
        logical_date=logical_date,
        data_interval_start=start,
        data_interval_end=end,
        queued_at=now,
        conf=dict(options.conf),
        partition_key=options.partition_key,
        triggered_by="test",
    )


def _find_interval(
    schedule: Schedule, run_type: RunType, logical_date: datetime
) -> tuple[datetime, datetime]:
    """Return the data interval that the scheduler would give to a run of that type."""
    if run_type is RunType.SCHEDULED:
        point = next(points_between(schedule, logical_date, logical_date), None)
        if point is not None and point.logical_date == logical_date:
            return point.data_interval_start or logical_date, point.data_interval_end or logical_date
    return manual_interval(schedule, logical_date)


def _logical_date(options: RunOptions, now: datetime) -> datetime | None:
    if options.logical_date is NOTSET:
        return now
    return None if options.logical_date is None else as_moment(options.logical_date)


class _GivenSecrets(BaseSecretsBackend):
    """What a test gives goes before the environment."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def get_connection(self, conn_id: str) -> Connection | None:
        """Return a connection of the test, or None."""
        return self._store.connections.get(conn_id)

    def get_variable(self, key: str) -> str | None:
        """Return a variable of the test, or None."""
        return self._store.variables.get(key)


@contextmanager
def _given_secrets(store: MemoryStore) -> Iterator[None]:
    others = active_backends()
    set_backends([_GivenSecrets(store), *others[:-1]])
    try:
        yield
    finally:
        set_backends(others[:-1])  # the environment comes last by itself

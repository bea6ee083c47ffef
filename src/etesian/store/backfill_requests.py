"""Backfills that somebody asks for: what is refused, what would be done, and how far one has come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from secrets import token_hex
from typing import Final

import msgspec
from sqlalchemy import Connection

from etesian.foundation.errors import EtesianError
from etesian.lifecycle.backfills import ExistingRun, is_done_again
from etesian.lifecycle.state import RunState
from etesian.protocol.commands import CreateBackfill
from etesian.spec.dag import DagSpec
from etesian.spec.schedule import ContinuousSchedule, NoSchedule, OnceSchedule, SchedulePoint
from etesian.store.errors import StoreError, UnknownDagError
from etesian.store.queries import backfills
from etesian.store.queries.backfills import BackfillRecord
from etesian.store.queries.versions import StoredSpec, load_newest_spec
from etesian.timetables import points_between

#: Runs that one backfill may make; a longer time is for several.
MAX_POINTS: Final = 100_000
REPROCESS: Final = ("none", "failed", "completed")


class BackfillRefusedError(StoreError):
    """The DAG cannot be backfilled like that."""


class PlannedRun(msgspec.Struct, frozen=True, kw_only=True):
    """What a backfill does about one point of the schedule."""

    logical_date: datetime | None
    data_interval_start: datetime | None
    data_interval_end: datetime | None
    action: str  #: create | run again | leave
    run_id: str | None = None  #: of the run that exists
    state: RunState | None = None  #: of that run


class BackfillProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a backfill has come."""

    total: int  #: runs that it makes or does again
    by_state: dict[RunState, int]  #: of those that it has begun with
    expected_end_at: datetime | None = None  #: at the pace so far; None: not known, or over

    @property
    def finished(self) -> int:
        """Runs that have ended."""
        return sum(count for state, count in self.by_state.items() if state.is_final)


def new_backfill_id() -> str:
    """Return an id that is short enough to be typed."""
    return token_hex(6)


def request_backfill(
    connection: Connection, command: CreateBackfill, *, now: datetime, triggering_user: str | None = None
) -> BackfillRecord:
    """Store a backfill and tell the scheduler; ring the bell after the commit.

    Raises:
        UnknownDagError: there is no such DAG.
        BackfillRefusedError: it cannot be done.
    """
    plan_backfill(connection, command)
    backfills.create_backfill(connection, command, now=now, triggering_user=triggering_user)
    return backfills.load_backfill(connection, command.backfill_id)


def plan_backfill(connection: Connection, command: CreateBackfill) -> list[PlannedRun]:
    """Return what a backfill would do, point by point, in its order; nothing is stored.

    Raises:
        UnknownDagError: there is no such DAG.
        BackfillRefusedError: it cannot be done.
    """
    stored = load_newest_spec(connection, command.dag_id)
    if stored is None:
        raise UnknownDagError(command.dag_id)
    _check(stored, command)
    points = _find_points(stored.spec, command)
    if not points:
        raise BackfillRefusedError(
            f"the schedule of DAG {command.dag_id!r} has no run between {command.from_date:%Y-%m-%d %H:%M} and "
            f"{command.to_date:%Y-%m-%d %H:%M} UTC"
        )
    return list(_plan(connection, command, points))


def load_progress(connection: Connection, backfill: BackfillRecord, *, now: datetime) -> BackfillProgress:
    """Return how far a backfill has come, and when it is expected to end."""
    by_state = backfills.count_runs_of_backfill(connection, backfill.backfill_id)
    begun = sum(by_state.values())
    if backfill.completed_at is not None:
        return BackfillProgress(total=begun, by_state=by_state)
    stored = load_newest_spec(connection, backfill.dag_id)
    points = [] if stored is None else _find_points(stored.spec, backfill.to_command())
    plan = _plan(connection, backfill.to_command(), points)
    total = begun + sum(planned.action != "leave" for planned in plan)
    progress = BackfillProgress(total=total, by_state=by_state)
    if not progress.finished or backfill.is_paused:
        return progress
    left = (now - backfill.created_at) / progress.finished * (total - progress.finished)
    return msgspec.structs.replace(progress, expected_end_at=now + min(left, timedelta(days=365)))


def _check(stored: StoredSpec, command: CreateBackfill) -> None:
    spec = stored.spec
    if not stored.is_active:
        raise BackfillRefusedError(f"DAG {spec.dag_id!r} cannot run: no file defines it any more")
    if isinstance(spec.schedule, NoSchedule | OnceSchedule | ContinuousSchedule):
        raise BackfillRefusedError(
            f"DAG {spec.dag_id!r} has no schedule to backfill ({spec.schedule_text or 'None'}); trigger it instead"
        )
    if command.from_date > command.to_date:
        raise BackfillRefusedError(f"from_date {command.from_date} is after to_date {command.to_date}")
    if command.max_active_runs < 1:
        raise BackfillRefusedError(f"max_active_runs must be 1 or more, got {command.max_active_runs}")
    if command.reprocess not in REPROCESS:
        raise BackfillRefusedError(
            f"reprocess must be one of {', '.join(REPROCESS)}; got {command.reprocess!r}"
        )
    waiting = sorted(task.task_id for task in spec.tasks if task.depends_on_past)
    if command.run_backwards and waiting:
        raise BackfillRefusedError(
            f"DAG {spec.dag_id!r} cannot be run backwards: {', '.join(waiting[:5])} depends on the run before"
        )


def _find_points(spec: DagSpec, command: CreateBackfill) -> list[SchedulePoint]:
    try:
        points = list(
            islice(points_between(spec.schedule, command.from_date, command.to_date), MAX_POINTS + 1)
        )
    except EtesianError as error:
        raise BackfillRefusedError(f"DAG {spec.dag_id!r} cannot be backfilled: {error}") from error
    if len(points) > MAX_POINTS:
        raise BackfillRefusedError(f"a backfill makes {MAX_POINTS} runs at most; give dates closer together")
    return points[::-1] if command.run_backwards else points


def _plan(
    connection: Connection, command: CreateBackfill, points: Sequence[SchedulePoint]
) -> Iterator[PlannedRun]:
    found = backfills.load_existing_runs(connection, command.dag_id, command.from_date, command.to_date)
    existing = {run.logical_date: run for run in found}
    for point in points:
        run = existing.get(point.logical_date) if point.logical_date is not None else None
        yield PlannedRun(
            logical_date=point.logical_date,
            data_interval_start=point.data_interval_start,
            data_interval_end=point.data_interval_end,
            action=_choose_action(command, run),
            run_id=None if run is None else run.run_id,
            state=None if run is None else run.state,
        )


def _choose_action(command: CreateBackfill, run: ExistingRun | None) -> str:
    if run is None:
        return "create"
    is_again = is_done_again(run, backfill_id=command.backfill_id, reprocess=command.reprocess)
    return "run again" if is_again else "leave"

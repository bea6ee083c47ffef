"""Runs that somebody asks for by API, CLI or in a task: what is filled in for them, and what is refused."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import Connection

from etesian.lifecycle.records import DagRunRecord
from etesian.lifecycle.state import RunState, RunType
from etesian.store.errors import RunExistsError, StoreError, UnknownDagError
from etesian.store.queries.runs import insert_run
from etesian.store.queries.versions import StoredSpec, load_newest_spec
from etesian.timetables import manual_interval

_RUN_ID: Final = re.compile(r"[A-Za-z0-9_.~:+\-]{1,250}")
#: Two requests of one microsecond take neighbouring ones; more than this many are not tried.
_MAX_NEIGHBOURS: Final = 100


class RunRefusedError(StoreError):
    """The DAG cannot be run like that."""


class RunRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody who asks for a run may say."""

    dag_id: str
    run_id: str | None = None  #: None: one is made from the type and the time
    run_type: RunType = RunType.MANUAL
    logical_date: datetime | None = None
    run_after: datetime | None = None  #: None: at once
    data_interval: tuple[datetime, datetime] | None = None  #: None: as the schedule would have it
    conf: dict[str, object] = {}
    note: str | None = None
    triggered_by: str = "rest_api"
    triggering_user: str | None = None
    partition_key: str | None = None  #: the partition that the run is about


def request_run(connection: Connection, request: RunRequest, *, now: datetime) -> DagRunRecord:
    """Insert a run of a DAG's version in force and tell the scheduler; ring the bell after the commit.

    Raises:
        UnknownDagError: there is no such DAG.
        RunRefusedError: the DAG's file is gone, the run_id is not allowed, or a parameter is missing.
        RunExistsError: the DAG has a run of that run_id or logical date.
    """
    stored = load_newest_spec(connection, request.dag_id)
    if stored is None:
        raise UnknownDagError(request.dag_id)
    _check(request, stored)
    try:
        run = _make_run(request, stored, now)
    except OverflowError as error:
        raise RunRefusedError("a date of the run lies outside of the years 1 to 9999") from error
    if request.run_id is not None:
        insert_run(connection, run, now=now)
        return run
    return _insert_with_free_id(connection, run, now)


def _check(request: RunRequest, stored: StoredSpec) -> None:
    spec = stored.spec
    if not stored.is_active:
        raise RunRefusedError(f"DAG {spec.dag_id!r} cannot run: no file defines it any more")
    if request.run_id is not None and not _RUN_ID.fullmatch(request.run_id):
        raise RunRefusedError(
            f"run_id {request.run_id[:80]!r} is not allowed; use 1 to 250 letters, digits and _ . ~ : + -"
        )
    if spec.allowed_run_types is not None and request.run_type not in spec.allowed_run_types:
        allowed = ", ".join(spec.allowed_run_types) or "none"
        raise RunRefusedError(
            f"DAG {spec.dag_id!r} does not allow {request.run_type} runs; allowed: {allowed}"
        )
    missing = sorted(
        name for name, param in spec.params.items() if not param.has_value and name not in request.conf
    )
    if missing:
        raise RunRefusedError(f"DAG {spec.dag_id!r} needs {', '.join(missing)} in the run's conf")


def _make_run(request: RunRequest, stored: StoredSpec, now: datetime) -> DagRunRecord:
    logical_date = _in_utc(request.logical_date)
    interval = request.data_interval
    if interval is None and logical_date is not None:
        interval = manual_interval(stored.spec.schedule, logical_date)
    start, end = interval or (None, None)
    run_after = _in_utc(request.run_after) or now
    return DagRunRecord(
        dag_id=request.dag_id,
        run_id=request.run_id or _make_run_id(request.run_type, logical_date or run_after),
        run_type=request.run_type,
        state=RunState.QUEUED,
        run_after=run_after,
        version_hash=stored.version_hash,
        logical_date=logical_date,
        data_interval_start=_in_utc(start),
        data_interval_end=_in_utc(end),
        queued_at=now,
        conf=request.conf,
        note=request.note,
        triggered_by=request.triggered_by,
        triggering_user=request.triggering_user,
        partition_key=request.partition_key,
    )


def _in_utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)


def _make_run_id(run_type: RunType, moment: datetime) -> str:
    return f"{run_type}__{moment.isoformat()}"


def _insert_with_free_id(connection: Connection, run: DagRunRecord, now: datetime) -> DagRunRecord:
    moment = run.logical_date or run.run_after
    for step in range(_MAX_NEIGHBOURS):
        run_id = _make_run_id(run.run_type, moment + timedelta(microseconds=step))
        candidate = msgspec.structs.replace(run, run_id=run_id)
        try:
            insert_run(connection, candidate, now=now)
        except RunExistsError as error:
            if error.existing_run_id != run_id or run.logical_date is not None:
                raise
        else:
            return candidate
    raise RunExistsError(run.dag_id, run.run_id, existing_run_id=run.run_id)

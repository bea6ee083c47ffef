"""What may have changed lately, asked after the bell rang, to tell those who watch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import BindParameter, ColumnElement, Connection, bindparam, case, func, select

from etesian.lifecycle.state import RunState
from etesian.store.tables import dag_runs_table, dags_table, import_errors_table


class ChangedRun(msgspec.Struct, frozen=True):
    """A run that is under way, or has just ended."""

    dag_id: str
    run_id: str
    state: RunState


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What a watcher should look at again."""

    runs: Sequence[ChangedRun]
    more: bool  #: there are more runs than were asked for
    dags_fingerprint: tuple[object, ...]  #: differs when the list of DAGs or of import errors does


def load_changes(connection: Connection, since: datetime, *, limit: int = 100) -> Changes:
    """Return the runs that are under way or ended after ``since``, and the fingerprint of all DAGs."""
    runs, dags = dag_runs_table.c, dags_table.c
    found: dict[int, ChangedRun] = {}
    # Two questions, each answered by its own short index; asked as one, history would be read.
    for condition in (is_unfinished(), runs.ended_at >= since):
        rows = connection.execute(
            select(runs.id, dags.dag_id, runs.run_id, runs.state)
            .join(dags_table, dags.id == runs.dag_pk)
            .where(condition)
            .limit(limit + 1)
        )
        found |= {row.id: ChangedRun(row.dag_id, row.run_id, row.state) for row in rows}
    newest_first = [found[pk] for pk in sorted(found, reverse=True)]
    return Changes(
        runs=newest_first[:limit],
        more=len(newest_first) > limit,
        dags_fingerprint=_fingerprint(connection),
    )


def is_unfinished() -> ColumnElement[bool]:
    """Return the condition of a run under way, its values written out as SQLite's partial index needs them."""
    states: BindParameter[RunState] = bindparam(
        "unfinished", [RunState.QUEUED, RunState.RUNNING], expanding=True, literal_execute=True
    )
    return dag_runs_table.c.state.in_(states)


def _fingerprint(connection: Connection) -> tuple[object, ...]:
    dags, errors = dags_table.c, import_errors_table.c
    known = connection.execute(
        select(
            func.count(),
            func.sum(dags.id * case((dags.is_paused, 1), else_=0)),
            func.sum(dags.id * case((dags.is_active, 1), else_=0)),
            func.sum(dags.id * dags.version_number),
        )
    ).one()
    broken = connection.execute(
        select(func.count(), func.max(errors.seen_at)).select_from(import_errors_table)
    ).one()
    return (*known, *broken)

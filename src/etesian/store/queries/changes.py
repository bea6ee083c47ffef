"""What may have changed lately, asked after the bell rang, to tell those who watch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, case, func, select

from etesian.lifecycle.state import RunState
from etesian.store.tables import RUN_IS_UNFINISHED, dag_runs_table, dags_table, import_errors_table


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
    """Return the runs that are under way or ended after ``since``, and the fingerprint of all DAGs.

    Running ones come first, then queued ones, then those that ended.
    """
    runs, dags = dag_runs_table.c, dags_table.c
    of_runs = select(dags.dag_id, runs.run_id, runs.state).join(dags_table, dags.id == runs.dag_pk)
    # Two questions, each answered by its own short index; asked as one, history would be read.
    questions = (
        of_runs.where(RUN_IS_UNFINISHED).order_by(runs.state.desc()),
        of_runs.where(runs.ended_at >= since, ~RUN_IS_UNFINISHED),
    )
    found = [
        ChangedRun(row.dag_id, row.run_id, row.state)
        for question in questions
        for row in connection.execute(question.limit(limit + 1))
    ]
    return Changes(runs=found[:limit], more=len(found) > limit, dags_fingerprint=_fingerprint(connection))


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

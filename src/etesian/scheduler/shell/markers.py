"""Tasks of other DAGs that are cleared with a marker (``ExternalTaskMarker``)."""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import Connection

from etesian.lifecycle.records import TaskInstanceRecord
from etesian.protocol.commands import ClearTasks, TaskSelection
from etesian.scheduler.shell import loading
from etesian.spec.dag import DagSpec
from etesian.spec.task import MarkerSpec
from etesian.store.queries import rendered_fields, runs, versions
from etesian.store.queries.page import Paging
from etesian.store.queries.versions import UnknownVersionError
from etesian.store.selection import list_selected

logger = logging.getLogger(__name__)

#: Markers that one selection has at most, over all of its runs.
MAX_MARKERS: Final = 10_000


@dataclass(frozen=True)
class _Step:
    """A selection whose markers are to be followed, and how many more of them may be, from one to the next."""

    selection: TaskSelection
    depth: int | None = None  #: None: the first marker says it


def follow_markers(connection: Connection, command: ClearTasks) -> list[ClearTasks]:
    """Return the clears of other DAGs that a clear brings with it, each with all that follows the task it names.

    A marker leads to the run of the other DAG that has the date it names; where there is none, nothing is cleared.
    Markers there are followed in turn, as far as ``recursion_depth`` of the first one says, and none of them twice.
    """
    found: dict[TaskSelection, None] = {}
    steps = deque([_Step(command.selection)])
    while steps:
        step = steps.popleft()
        if step.depth == 0:
            logger.warning("markers are not followed beyond %s: that is as deep as the first one says", step)
            continue
        for marker, date in _markers_of(connection, step.selection):
            depth = marker.recursion_depth if step.depth is None else step.depth
            for selection in _find_marked(connection, marker, date):
                if selection not in found:
                    found[selection] = None
                    steps.append(_Step(selection, depth - 1))
    return [
        ClearTasks(selection=selection, newest_version=command.newest_version, note=command.note)
        for selection in found
    ]


def _markers_of(connection: Connection, selection: TaskSelection) -> Iterator[tuple[MarkerSpec, datetime]]:
    """Yield the markers among the selected task instances, rendered, each with the date that it names."""
    for key in loading.find_selected_runs(connection, selection):
        run = runs.load_run(connection, key)
        try:
            spec = versions.load_spec(connection, key.dag_id, run.version_hash).spec
        except UnknownVersionError:  # a run that never began has none
            continue
        markers = {task.task_id: task.marker for task in spec.tasks if task.marker is not None}
        if not markers:
            continue
        for record in _selected_in(connection, spec, selection, key.run_id):
            marker = markers.get(record.task_id)
            rendered = _render(connection, marker, record) if marker is not None else None
            date = _date_of(rendered, run.logical_date) if rendered is not None else None
            if rendered is not None and date is not None:
                yield rendered, date


def _selected_in(
    connection: Connection, spec: DagSpec, selection: TaskSelection, run_id: str
) -> list[TaskInstanceRecord]:
    of_run = msgspec.structs.replace(selection, run_ids=(run_id,), past=False, future=False)
    return list(list_selected(connection, spec, of_run, Paging(limit=MAX_MARKERS)).items)


def _render(connection: Connection, marker: MarkerSpec, record: TaskInstanceRecord) -> MarkerSpec | None:
    """Return a marker with the texts that its task rendered; None if it has templates and never ran."""
    stored = rendered_fields.load_rendered_fields(connection, record.key)
    fields = {} if stored is None else json.loads(stored)
    rendered = MarkerSpec(
        dag_id=str(fields.get("external_dag_id", marker.dag_id)),
        task_id=str(fields.get("external_task_id", marker.task_id)),
        logical_date=fields.get("logical_date", marker.logical_date),
        recursion_depth=marker.recursion_depth,
    )
    if any("{{" in text for text in (rendered.dag_id, rendered.task_id, rendered.logical_date or "")):
        logger.warning("marker %s has not run yet, so that what it marks is not known", record.key)
        return None
    return rendered


def _date_of(marker: MarkerSpec, own_date: datetime | None) -> datetime | None:
    if marker.logical_date is None:
        return own_date
    try:
        return datetime.fromisoformat(marker.logical_date)
    except ValueError:
        logger.warning("a marker of %s.%s names %r, which is no date", *msgspec.structs.astuple(marker)[:3])
        return None


def _find_marked(connection: Connection, marker: MarkerSpec, date: datetime) -> Iterator[TaskSelection]:
    wanted = runs.RunFilter(dag_ids=[marker.dag_id], logical_dates=[date])
    for run in runs.find_runs(connection, wanted, Paging()):
        yield TaskSelection(
            dag_id=marker.dag_id, run_ids=(run.run_id,), task_ids=(marker.task_id,), downstream=True
        )

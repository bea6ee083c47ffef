"""Which task instances a clear or a mark is about, by what the store knows: to show before it is done."""

from __future__ import annotations

from sqlalchemy import Connection

from etesian.lifecycle.records import TaskInstanceRecord
from etesian.lifecycle.state import TaskState
from etesian.protocol.commands import TaskSelection
from etesian.spec.dag import DagSpec
from etesian.store.queries.page import Page, Paging
from etesian.store.queries.task_instances import TaskInstanceFilter, list_task_instances


def list_selected(
    connection: Connection, spec: DagSpec, selection: TaskSelection, paging: Paging
) -> Page[TaskInstanceRecord]:
    """Return a page of the task instances that a selection names, in the runs that it names."""
    states = None
    if selection.only_failed:
        states = [TaskState.FAILED, TaskState.UPSTREAM_FAILED]
    elif selection.only_running:
        states = [TaskState.RUNNING]
    wanted = TaskInstanceFilter(
        dag_ids=[selection.dag_id],
        run_ids=selection.run_ids or None,
        task_ids=select_task_ids(spec, selection),
        map_indexes=selection.map_indexes or None,
        states=states,
    )
    return list_task_instances(connection, wanted, paging)


def select_task_ids(spec: DagSpec, selection: TaskSelection) -> list[str] | None:
    """Return the tasks that a selection names, with those above and below if it says so; None for all."""
    if not selection.task_ids:
        return None
    found = set(selection.task_ids)
    # Tasks are in topological order, so that one pass in each direction finds all relatives.
    if selection.downstream:
        below = set(selection.task_ids)
        for task in spec.tasks:
            if below.intersection(task.upstream):
                below.add(task.task_id)
        found |= below
    if selection.upstream:
        above = set(selection.task_ids)
        for task in reversed(spec.tasks):
            if task.task_id in above:
                above.update(task.upstream)
        found |= above
    return sorted(found)

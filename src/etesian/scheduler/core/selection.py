"""Which task instances a user's command is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from etesian.lifecycle.state import TaskState
from etesian.protocol.commands import TaskSelection
from etesian.scheduler.core.graph import DagGraph
from etesian.scheduler.core.memory import Dag, Instance, Memory, Run

FAILED_STATES: Final = frozenset({TaskState.FAILED, TaskState.UPSTREAM_FAILED})


def select_runs(memory: Memory, selection: TaskSelection) -> list[Run]:
    """Return the runs in question, the oldest first, as far as they are in memory."""
    dag = memory.dags.get(selection.dag_id)
    if dag is None:
        return []
    named = [run for run_id in selection.run_ids if (run := dag.runs.get(run_id)) is not None]
    chosen = dict.fromkeys(named or _all_if_unnamed(dag, selection))
    dates = [date for run in named if (date := run.record.logical_date) is not None]
    if selection.past and dates:
        chosen.update(dict.fromkeys(_runs_where(dag, lambda date: date <= max(dates))))
    if selection.future and dates:
        chosen.update(dict.fromkeys(_runs_where(dag, lambda date: date >= min(dates))))
    return sorted(chosen, key=lambda run: (run.record.run_after, run.record.run_id))


def _all_if_unnamed(dag: Dag, selection: TaskSelection) -> list[Run]:
    return [] if selection.run_ids else list(dag.runs.values())


def _runs_where(dag: Dag, holds: Callable[[datetime], bool]) -> Iterator[Run]:
    for run in dag.runs.values():
        date = run.record.logical_date
        if date is not None and holds(date):
            yield run


def select_tasks(graph: DagGraph, selection: TaskSelection, *, with_setups: bool = False) -> set[int]:
    """Return the numbers of the tasks in question, with those above and below if asked for.

    ``with_setups`` adds what a task needs around it when it runs again: the setups above it and their teardowns.
    """
    if not selection.task_ids:
        return set(range(len(graph.tasks)))
    named = {graph.index[task_id] for task_id in selection.task_ids if task_id in graph.index}
    chosen = set(named)
    for number in named:
        if selection.upstream:
            chosen |= graph.collect_above(number)
        if selection.downstream:
            chosen |= graph.collect_below(number)
    if with_setups:
        chosen |= _find_surroundings(graph, chosen)
    return chosen


def _find_surroundings(graph: DagGraph, chosen: set[int]) -> set[int]:
    found: set[int] = set()
    for number in chosen:
        task = graph.tasks[number]
        direct = (above for above in graph.direct_upstream(task) if graph.tasks[above].spec.is_setup)
        setups = {*direct, *task.setups, *task.setups_within}
        found |= setups
        if task.spec.is_setup:
            setups.add(number)
        for setup in setups:
            below = graph.direct_downstream(graph.tasks[setup])
            found.update(teardown for teardown in below if graph.tasks[teardown].spec.is_teardown)
    return found


def select_instances(run: Run, numbers: set[int], selection: TaskSelection) -> list[Instance]:
    """Return the task instances of those tasks that the selection's other conditions let through.

    Map indexes restrict the named tasks only; what is above and below them is taken whole.
    """
    named = set(selection.task_ids)
    return [
        instance
        for number in sorted(numbers)
        for instance in run.nodes[number].instances.values()
        if _passes(instance, selection, is_named=not named or instance.record.task_id in named)
    ]


def _passes(instance: Instance, selection: TaskSelection, *, is_named: bool) -> bool:
    state = instance.state
    if state is TaskState.REMOVED:
        return False
    if selection.map_indexes and is_named and instance.record.map_index not in selection.map_indexes:
        return False
    if selection.only_failed and state not in FAILED_STATES:
        return False
    return not selection.only_running or state is TaskState.RUNNING

"""Marks: a user declares what a task instance or a run came to. Marks call no callbacks, as in Airflow."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from etesian.lifecycle.records import RunKey, TaskKey
from etesian.lifecycle.state import RunState, TaskState
from etesian.protocol.commands import MarkRun, MarkTasks, SetNote
from etesian.scheduler.core.clear import clear_instances, clear_run
from etesian.scheduler.core.halt import halt_tasks, settle_instance
from etesian.scheduler.core.memory import Instance, Memory, Run
from etesian.scheduler.core.runs import end_run, start_run
from etesian.scheduler.core.selection import FAILED_STATES, select_instances, select_runs, select_tasks

#: States that users may declare of tasks and of runs; a command that asks for another one is dropped.
TASK_MARKS: Final = {str(state): state for state in (TaskState.SUCCESS, TaskState.FAILED, TaskState.SKIPPED)}
RUN_MARKS: Final = {str(state): state for state in (RunState.SUCCESS, RunState.FAILED, RunState.QUEUED)}


def mark_tasks(memory: Memory, command: MarkTasks, now: datetime) -> None:
    """Give the selected task instances a final state. What had failed below them is cleared and goes on."""
    state = TASK_MARKS.get(command.state)
    if state is None:
        return
    for run in select_runs(memory, command.selection):
        if not run.nodes:
            continue
        numbers = select_tasks(run.graph, command.selection)
        chosen = select_instances(run, numbers, command.selection)
        for instance in chosen:
            _mark(memory, instance, state, now, command.note)
        clear_instances(memory, run, _find_failed_below(run, chosen), now)


def _mark(memory: Memory, instance: Instance, state: TaskState, now: datetime, note: str | None) -> None:
    if note is not None:
        memory.update(instance, note=note)
    if instance.state is not state:
        settle_instance(memory, instance, state, now, f"marked {state} by a user")


def _find_failed_below(run: Run, marked: list[Instance]) -> list[Instance]:
    roots = {instance.node.task.index for instance in marked}
    below = set().union(*map(run.graph.collect_below, roots)) - roots
    return [
        instance
        for number in sorted(below)
        for instance in run.nodes[number].instances.values()
        if instance.state in FAILED_STATES
    ]


def mark_run(memory: Memory, command: MarkRun, now: datetime) -> None:
    """Declare a run's state: ``success`` and ``failed`` end it, ``queued`` clears it and runs it again.

    Teardowns that have not finished still clean up, and the run ends after them; a second mark stops them too.
    """
    run = memory.runs.get(RunKey(command.dag_id, command.run_id))
    state = RUN_MARKS.get(command.state)
    if run is None or state is None:
        return
    if state is RunState.QUEUED:
        clear_run(memory, run, now)
        return
    if run.record.state is RunState.QUEUED:
        start_run(memory, run, now)
    reason = f"the run was marked {state} by a user"
    with_teardowns = run.record.marked is not None
    if state is RunState.FAILED:
        halt_tasks(memory, run, now, reason, with_teardowns=with_teardowns)
    else:
        _succeed_tasks(memory, run, now, reason, with_teardowns=with_teardowns)
    if run.record.state.is_final:
        memory.update_run(run, state=state, reason=reason)
    elif run.unfinished:
        memory.update_run(run, marked=state, reason=reason)
    else:
        end_run(memory, run, state, now, reason=reason)


def _succeed_tasks(memory: Memory, run: Run, now: datetime, reason: str, *, with_teardowns: bool) -> None:
    for instance in list(run.instances()):
        is_spared = instance.node.task.spec.is_teardown and not with_teardowns and not instance.state.is_final
        if (not instance.state.is_final or instance.state in FAILED_STATES) and not is_spared:
            settle_instance(memory, instance, TaskState.SUCCESS, now, reason)


def set_note(memory: Memory, command: SetNote) -> None:
    """Attach a note to a run or a task instance."""
    if command.task_id is None:
        run = memory.runs.get(RunKey(command.dag_id, command.run_id))
        if run is not None:
            memory.update_run(run, note=command.note)
        return
    key = TaskKey(command.dag_id, command.run_id, command.task_id, command.map_index)
    instance = memory.find(key)
    if instance is not None:
        memory.update(instance, note=command.note)

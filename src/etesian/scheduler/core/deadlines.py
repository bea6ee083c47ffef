"""Deadlines: tell somebody when a run, or a task of it, is not done in time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, NamedTuple

from etesian.lifecycle.records import RunKey
from etesian.lifecycle.state import TaskState
from etesian.scheduler.core.callbacks import send_run_callback
from etesian.scheduler.core.memory import Memory, Run
from etesian.scheduler.core.moments import wait_of
from etesian.scheduler.core.timers import TimerKind
from etesian.spec.dag import DagSpec, DeadlineSpec

#: A new leader still tells of deadlines that were missed so shortly before; older ones were told of by the former.
MISSED_WHILE_AWAY: Final = timedelta(hours=1)
#: Runs that make an average, unless the author says otherwise.
DEFAULT_MAX_RUNS: Final = 10


class Deadline(NamedTuple):
    """One deadline of one run; the target of its timer."""

    run_key: RunKey
    number: int
    task_id: str | None  #: None: the whole run


def arm_deadlines(memory: Memory, run: Run, now: datetime) -> None:
    """Set the timers of all deadlines of a run that is not finished."""
    for deadline, due_at in _find_deadlines(run):
        if due_at > now - MISSED_WHILE_AWAY:
            memory.timers.set(TimerKind.DEADLINE, deadline, due_at)


def _find_deadlines(run: Run) -> Iterator[tuple[Deadline, datetime]]:
    spec, record = run.graph.spec, run.record
    for number, deadline_spec in enumerate(spec.deadlines):
        due_at = _due_at(run, deadline_spec)
        if due_at is not None:
            yield Deadline(run.key, number, None), due_at
    if "sla_miss" not in spec.callbacks:
        return
    expected_at = record.data_interval_end or record.run_after
    for task in run.graph.tasks:
        for number, seconds in enumerate(task.spec.deadlines_seconds):
            yield Deadline(run.key, number, task.task_id), expected_at + wait_of(seconds)


def _due_at(run: Run, spec: DeadlineSpec) -> datetime | None:
    """Return when a run's deadline is; None if what it refers to is not known."""
    match spec.reference:
        case "queued_at":
            reference = run.record.queued_at
        case "logical_date":
            reference = run.record.logical_date
        case "fixed":
            reference = spec.at
        case "average_runtime":
            reference = _expected_end(run, spec)
        case _:
            reference = None
    return None if reference is None else reference + wait_of(spec.interval_seconds)


def _expected_end(run: Run, spec: DeadlineSpec) -> datetime | None:
    """Return when the run ends if it takes as long as those before it; None: too few of them are known."""
    most = _max_runs(spec)
    known = list(islice(run.dag.runtimes, most))
    fewest = most if spec.min_runs is None else spec.min_runs
    if run.record.queued_at is None or not known or len(known) < fewest:
        return None
    return run.record.queued_at + wait_of(sum(known) / len(known))


def _max_runs(spec: DeadlineSpec) -> int:
    return DEFAULT_MAX_RUNS if spec.max_runs is None else spec.max_runs


def runtimes_wanted(spec: DagSpec) -> int:
    """Return of how many runs a DAG's deadlines ask how long they took."""
    wanted = (_max_runs(each) for each in spec.deadlines if each.reference == "average_runtime")
    return max(wanted, default=0)


def note_runtime(run: Run) -> None:
    """Remember how long a run took that has succeeded."""
    record, runtimes = run.record, run.dag.runtimes
    if runtimes.maxlen and record.started_at is not None and record.ended_at is not None:
        runtimes.appendleft((record.ended_at - record.started_at).total_seconds())


def miss_deadline(memory: Memory, deadline: Deadline, now: datetime) -> None:
    """A deadline has come: if its run or task is not done, have its callback called."""
    run = memory.runs.get(deadline.run_key)
    if run is None or run.record.state.is_final:
        return
    name = f"{deadline.run_key}#{deadline.task_id or ''}#{deadline.number}"
    if deadline.task_id is not None:
        if not _is_task_done(run, deadline.task_id):
            send_run_callback(memory, run, "sla_miss", now, callback_id=name, task_id=deadline.task_id)
    elif deadline.number < len(run.graph.spec.deadlines):
        spec = run.graph.spec.deadlines[deadline.number]
        reason = f"deadline {spec.name or deadline.number} was missed"
        send_run_callback(
            memory, run, "deadline", now, callback_id=name, reason=reason, deadline=deadline.number
        )


def _is_task_done(run: Run, task_id: str) -> bool:
    node = run.node(task_id)
    if node is None:
        return bool(run.nodes)
    return all(
        it.state in {TaskState.SUCCESS, TaskState.SKIPPED, TaskState.REMOVED}
        for it in node.instances.values()
    )

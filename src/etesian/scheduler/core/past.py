"""Tasks that depend on the run before theirs (``depends_on_past``, ``wait_for_downstream``)."""

from __future__ import annotations

from typing import Final

from etesian.lifecycle.state import TaskState
from etesian.scheduler.core.decisions import AskPast
from etesian.scheduler.core.events import PastKnown
from etesian.scheduler.core.memory import Memory, Node, Past, Run

#: What a task of the run before must have come to.
GOOD: Final = frozenset({TaskState.SUCCESS, TaskState.SKIPPED})
#: Finished runs of one DAG whose results are kept, in case the store's answer about them is older than the batch.
MAX_RECENT: Final = 32


def ask_past(memory: Memory, run: Run) -> None:
    """Ask for the run before, if a task of this run needs it."""
    if not run.graph.uses_past:
        return
    if run.record.logical_date is None:
        run.past = Past()
    else:
        memory.decide(AskPast(run_key=run.key, before=run.record.logical_date))


def learn_past(memory: Memory, event: PastKnown) -> None:
    """Take the store's answer; what is in memory is newer than what it read."""
    run = memory.runs.get(event.run_key)
    if run is None:
        return
    forget_past(run)
    run_id = event.past_run_id
    nearer = _find_nearer(run, event)
    if nearer is not None:
        previous: Run | None = nearer
        run.past = Past(nearer.record.run_id, nearer.record.logical_date, nearer)
    else:
        previous = run.dag.runs.get(run_id) if run_id is not None else None
        states = event.states if run_id is None else run.dag.recent.get(run_id, event.states)
        run.past = Past(run_id, event.past_date, previous, dict(states))
    if previous is not None:
        previous.successors.append(run)
    memory.touched.extend(node for node in run.nodes if node.task.uses_past)


def _find_nearer(run: Run, event: PastKnown) -> Run | None:
    """Return the run right before ``run`` if it is so new that the store's answer could not name it."""
    own_date = run.record.logical_date
    found: Run | None = None
    newest = event.past_date
    for other in run.dag.runs.values():
        date = other.record.logical_date
        if date is None or own_date is None or date >= own_date or (newest is not None and date <= newest):
            continue
        if event.past_run_id is None or event.past_date is not None:
            found, newest = other, date
    return found


def insert_into_past(run: Run) -> None:
    """A new run may be the one right before a run that has begun already: that one looks at it from now on."""
    date = run.record.logical_date
    if date is None:
        return
    for other in run.dag.runs.values():
        past, own_date = other.past, other.record.logical_date
        if past is None or own_date is None or own_date <= date:
            continue
        if past.run_id is None or (past.date is not None and past.date < date):
            forget_past(other)
            other.past = Past(run.record.run_id, date, run)
            run.successors.append(other)


def forget_past(run: Run) -> None:
    """Let go of the run before."""
    if run.past is not None and run.past.run is not None:
        run.past.run.successors.remove(run)
    run.past = None


def leave_for_successors(run: Run) -> None:
    """A run leaves memory: keep what its tasks came to for the runs after it."""
    newest = run.dag.graph
    if not run.successors and (newest is None or not newest.uses_past):
        return
    states = {node.task.task_id: worst_state(run, node.task.task_id) for node in run.nodes}
    known = {task_id: state for task_id, state in states.items() if state is not None}
    for successor in run.successors:
        if successor.past is not None:
            successor.past.run = None
            successor.past.states = known
    run.successors = []
    recent = run.dag.recent
    recent[run.record.run_id] = known
    recent.move_to_end(run.record.run_id)
    while len(recent) > MAX_RECENT:
        recent.popitem(last=False)


def abandon_successors(memory: Memory, run: Run) -> None:
    """A run is deleted: the runs after it wait for it no more."""
    for successor in run.successors:
        successor.past = Past()
    touch_successors(memory, run)
    run.successors = []
    forget_recent(run)


def touch_successors(memory: Memory, run: Run) -> None:
    """Look again at all tasks of the next runs that depend on this one."""
    for successor in run.successors:
        memory.touched.extend(node for node in successor.nodes if node.task.uses_past)


def welcome_successors(run: Run) -> None:
    """A finished run is back in memory: the runs after it look at itself again."""
    for other in run.dag.runs.values():
        past = other.past
        if past is not None and past.run_id == run.record.run_id and past.run is None:
            past.run = run
            run.successors.append(other)


def forget_recent(run: Run) -> None:
    """A finished run is to run again: what it came to does not count any more."""
    run.dag.recent.pop(run.record.run_id, None)


def is_past_met(node: Node) -> bool:
    """Return whether the run before permits a task to start; the same for all its task instances."""
    task, run = node.task, node.run
    past = run.past
    if not task.uses_past or (past is not None and past.run_id is None):
        return True
    if past is None:
        return False
    is_good = _is_good(past, task.task_id)
    if is_good is None:
        return task.spec.ignore_first_depends_on_past
    if not is_good or not task.spec.wait_for_downstream:
        return is_good
    tasks = run.graph.tasks
    return all(
        _is_good(past, tasks[number].task_id) is not False for number in run.graph.direct_downstream(task)
    )


def _is_good(past: Past, task_id: str) -> bool | None:
    """Return whether all task instances of a task came to something good; None: there are none."""
    if past.run is None:
        state = past.states.get(task_id)
        return None if state is None else state in GOOD
    if not past.run.nodes:
        return False if task_id in past.run.graph.index else None
    node = past.run.node(task_id)
    return None if node is None else not node.not_good


def explain_past(node: Node) -> str | None:
    """Say what of the run before still keeps a task waiting; None: nothing."""
    task, run = node.task, node.run
    past = run.past
    if is_past_met(node):
        return None
    if past is None:
        return "the run before is being looked up"
    state = _past_state(past, task.task_id)
    if state is None:
        return f"{task.task_id!r} has no task instance in the run before, {past.run_id!r}"
    if state not in GOOD:
        return f"{task.task_id!r} is {state} in the run before, {past.run_id!r}"
    below = [run.graph.tasks[number].task_id for number in run.graph.direct_downstream(task)]
    bad = next(task_id for task_id in below if _is_good(past, task_id) is False)
    return f"{bad!r}, downstream of it, is {_past_state(past, bad)} in the run before, {past.run_id!r}"


def _past_state(past: Past, task_id: str) -> TaskState | None:
    if past.run is None:
        return past.states.get(task_id)
    if past.run.nodes:
        return worst_state(past.run, task_id)
    return TaskState.NONE if task_id in past.run.graph.index else None


def worst_state(run: Run, task_id: str) -> TaskState | None:
    """Return a task's state; of a mapped task, that of a task instance that is not good, if there is one."""
    node = run.node(task_id)
    if node is None:
        return None
    states = (it.state for it in node.instances.values() if it.state is not TaskState.REMOVED)
    if not node.not_good:
        return next(states, None)
    return next(state for state in states if state not in GOOD)

"""Answering the core's question about the run before."""

from __future__ import annotations

from etesian.lifecycle.records import RunKey
from etesian.lifecycle.state import TaskState
from etesian.scheduler.core.decisions import AskPast
from etesian.scheduler.core.events import PastKnown
from etesian.scheduler.core.past import GOOD
from etesian.store import Store
from etesian.store.queries import runs, task_instances


def load_past(store: Store, question: AskPast) -> PastKnown:
    """Return what the tasks of the newest run before a logical date came to."""
    dag_id = question.run_key.dag_id
    with store.read() as connection:
        previous = runs.load_previous_run(connection, dag_id, question.before)
        if previous is None:
            return PastKnown(run_key=question.run_key, past_run_id=None, states={})
        rows = task_instances.load_states(connection, RunKey(dag_id, previous.run_id))
    states: dict[str, TaskState] = {}
    for task_id, _, state in rows:
        # Of a mapped task, one instance that is not good speaks for all.
        if state is not TaskState.REMOVED and states.get(task_id, TaskState.SUCCESS) in GOOD:
            states[task_id] = state
    return PastKnown(
        run_key=question.run_key,
        past_run_id=previous.run_id,
        past_date=previous.logical_date,
        states=states,
    )

"""Deleting runs and DAGs: what is under way is stopped, then all is forgotten."""

from __future__ import annotations

from etesian.lifecycle.records import RunKey
from etesian.lifecycle.state import OCCUPYING_STATES, TaskState
from etesian.protocol.commands import DeleteDag, DeleteRun
from etesian.scheduler.core.attempts import stop_attempt
from etesian.scheduler.core.callbacks import drop_callbacks
from etesian.scheduler.core.decisions import ForgetDag, ForgetRun
from etesian.scheduler.core.memory import Memory, Run
from etesian.scheduler.core.past import abandon_successors
from etesian.scheduler.core.runs import release_run
from etesian.scheduler.core.timers import TimerKind
from etesian.scheduler.core.unload import unload_instances


def delete_run(memory: Memory, command: DeleteRun) -> None:
    """Stop and forget a run; one that is not in memory has nothing to stop."""
    key = RunKey(command.dag_id, command.run_id)
    run = memory.runs.get(key)
    if run is not None:
        _drop(memory, run)
    memory.decide(ForgetRun(run_key=key))


def delete_dag(memory: Memory, command: DeleteDag) -> None:
    """Stop and forget a DAG with all its runs."""
    dag = memory.dags.pop(command.dag_id, None)
    if dag is not None:
        for run in list(dag.runs.values()):
            _drop(memory, run)
        memory.waiting_dags.pop(dag, None)
        memory.timers.cancel(TimerKind.SCHEDULE, dag)
        memory.timers.cancel(TimerKind.RUN_AFTER, dag)
    memory.decide(ForgetDag(dag_id=command.dag_id))


def _drop(memory: Memory, run: Run) -> None:
    for instance in run.instances():
        if instance.state in OCCUPYING_STATES and instance.state is not TaskState.RESTARTING:
            stop_attempt(memory, instance, "its run was deleted")
    abandon_successors(memory, run)
    unload_instances(memory, run)
    drop_callbacks(memory, run)
    memory.changed_runs.pop(run, None)
    memory.visitors.pop(run, None)
    release_run(memory, run)

"""Listeners of plugins: told of task instances in the attempt's process, and of the end of runs by a callback."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from etesian.compat.models.states import TaskInstanceState
from etesian.compat.plugins.plugins_manager import find_plugins
from etesian.compat.plugins.policies import find_policies
from etesian.protocol.reports import Failed, Outcome, Skipped, Succeeded
from etesian.sdk.context import Context
from etesian.sdk.dags.dag import DAG
from etesian.sdk.tasks.user_call import choose_kwargs

_log = logging.getLogger("airflow.task")
_RUN_HOOKS: Final = {"on_success_callback": "on_dag_run_success", "on_failure_callback": "on_dag_run_failed"}


@cache
def find_listeners(hook: str) -> tuple[Callable[..., Any], ...]:
    """Return the functions of that name of all listeners."""
    found = [getattr(listener, hook, None) for plugin in find_plugins() for listener in plugin.listeners]
    return tuple(function for function in found if function is not None)


def tell(hook: str, **facts: Any) -> None:
    """Call the listeners of a hook with the facts that each names; one that fails is logged."""
    for function in find_listeners(hook):
        try:
            function(**choose_kwargs(function, (), facts))
        except Exception:
            _log.exception("The listener %s failed", hook)


class RunningTaskInstance:
    """A task instance as listeners see it: all of the real one, but not of the class ``TaskInstance``.

    That is the class of stored ones, of which listeners are told when people change a state by hand.
    """

    def __init__(self, ti: Any) -> None:
        object.__setattr__(self, "_ti", ti)

    def __getattr__(self, name: str) -> Any:
        return getattr(object.__getattribute__(self, "_ti"), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._ti, name, value)

    def __repr__(self) -> str:
        return repr(self._ti)


class ListenerObserver:
    """Tells listeners of the attempts of this process, and lets a policy see each task instance first."""

    def on_start(self, ti: Any) -> None:
        """User code is about to be called."""
        for mutate in find_policies("task_instance_mutation_hook"):
            mutate(ti)
        tell(
            "on_task_instance_running",
            previous_state=TaskInstanceState.QUEUED,
            task_instance=RunningTaskInstance(ti),
            session=None,
        )

    def on_end(self, ti: Any, outcome: Outcome, error: BaseException | None) -> None:
        """User code has ended; nobody is told of tasks that will go on."""
        facts = {
            "previous_state": TaskInstanceState.RUNNING,
            "task_instance": RunningTaskInstance(ti),
            "session": None,
        }
        match outcome:
            case Succeeded():
                tell("on_task_instance_success", **facts)
            case Failed():
                tell("on_task_instance_failed", **facts, error=error)
            case Skipped():
                tell("on_task_instance_skipped", **facts)


def listen_to_runs(dag: DAG) -> None:
    """Let a DAG call back at the end of its runs, if there is a listener that wants to know."""
    for callback, hook in _RUN_HOOKS.items():
        if find_listeners(hook):
            setattr(dag, callback, [*getattr(dag, callback), _run_callback(hook, dag)])


def _run_callback(hook: str, dag: DAG) -> Callable[[Context], None]:
    def call(context: Context) -> None:
        run = context["dag_run"]
        run.dag = dag
        tell(hook, dag_run=run, msg=context.get("reason") or "")
        tell("before_stopping", component=None)  # some send from a process of their own, and wait for it here

    return call

"""Callbacks: calling what a DAG or task wants to be told, in a process of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from etesian.protocol.workloads import RunCallback
from etesian.sdk.attempts.failures import log_failure
from etesian.sdk.attempts.reported_error import make_error
from etesian.sdk.context import Context, set_current_context
from etesian.sdk.dags.dag import DAG
from etesian.sdk.exceptions import TaskNotFound
from etesian.sdk.late_names import load_late
from etesian.sdk.running.context_building import build_context
from etesian.sdk.running.dag_run import DagRun
from etesian.sdk.running.task_instance import InstanceFacts, TaskInstance
from etesian.sdk.tasks.user_call import call_function, choose_kwargs

_log = logging.getLogger("airflow.task")
#: sends the mails of ``email_on_failure`` and ``email_on_retry``
_SEND_EMAIL = "etesian.hooks.smtp:send_email"


def execute_callback(dag: DAG, workload: RunCallback) -> None:
    """Call all callbacks of one kind of a task or of the run; each is called even if one before it fails.

    Raises:
        Exception: what the first failing callback raised.
        TaskNotFound: the task is no longer in the DAG.
    """
    context = _build_context(dag, workload)
    calls = (
        _task_calls(context, workload) if workload.task_id is not None else _dag_calls(dag, context, workload)
    )
    first_error: Exception | None = None
    with set_current_context(context):
        for call in calls:
            try:
                call()
            except Exception as error:
                log_failure(_log, error)
                first_error = first_error or error
    if first_error is not None:
        raise first_error


def call_on_execute(task: Any, context: Context) -> None:
    """Call what a task wants to be told when it is about to execute; what a callback raises is only logged."""
    for callback in task.on_execute_callback:
        try:
            call_function(callback, (context,), {})
        except Exception as error:
            log_failure(_log, error)


def _build_context(dag: DAG, workload: RunCallback) -> Context:
    """Return the context of the task, or for a callback of the run that of the task that comes last in the
    DAG.
    """
    state = "running" if workload.task_id is not None else workload.state
    run = DagRun(
        workload.run, state=state, ended_at=None if workload.task_id is not None else workload.ended_at
    )
    if workload.task_id is not None:
        task = dag.get_task(workload.task_id)
    elif dag.tasks:
        task = dag.topological_sort()[-1]
    else:
        raise TaskNotFound(f"DAG {dag.dag_id!r} has no tasks; a callback has nothing to be told of")
    context = build_context(TaskInstance(task, run, InstanceFacts.of_callback(workload)), check_params=False)
    context["reason"] = workload.reason
    if workload.kind in ("failure", "retry"):
        context["exception"] = make_error(workload.error_type, workload.reason or "the cause is not known")
    return context


def _task_calls(context: Context, workload: RunCallback) -> list[Callable[[], Any]]:
    task = context["task"]
    calls = [_bind(callback, context) for callback in getattr(task, f"on_{workload.kind}_callback", ())]
    if workload.kind in ("failure", "retry") and task.email and getattr(task, f"email_on_{workload.kind}"):
        calls.append(lambda: _send_mail(task, context, workload))
    return calls


def _dag_calls(dag: DAG, context: Context, workload: RunCallback) -> list[Callable[[], Any]]:
    match workload.kind:
        case "sla_miss":
            return [_bind_sla(callback, dag, context) for callback in dag.sla_miss_callback]
        case "deadline":
            missed = dag.deadline[workload.deadline : workload.deadline + 1]  # none: the DAG was edited since
            return [_bind_deadline(alert.callback, context) for alert in missed]
    return [_bind(callback, context) for callback in getattr(dag, f"on_{workload.kind}_callback", ())]


def _bind(callback: Any, context: Context) -> Callable[[], Any]:
    return lambda: call_function(callback, (context,), {})


def _bind_sla(callback: Any, dag: DAG, context: Context) -> Callable[[], Any]:
    """Call as Airflow did: with the DAG, the late tasks as text, the tasks that hold them up, and both as
    objects.
    """
    late = context["ti"].task_id
    return lambda: callback(dag, late, "", [context["ti"]], [])


def _bind_deadline(callback: Any, context: Context) -> Callable[[], Any]:
    function = getattr(callback, "callback_callable", callback)
    own: Mapping[str, Any] = getattr(callback, "kwargs", {})

    def call() -> Any:
        if not hasattr(callback, "callback_callable"):
            return call_function(function, (context,), {})
        offered = {"context": context, **own}
        return call_function(function, (), choose_kwargs(function, (), offered))

    return call


def _send_mail(task: Any, context: Context, workload: RunCallback) -> None:
    ti = context["ti"]
    word = "failed" if workload.kind == "failure" else "is up for retry"
    rows: Sequence[tuple[str, object]] = (
        ("Task", f"{ti.dag_id}.{ti.task_id}"),
        ("Run", ti.run_id),
        ("Try", f"{ti.try_number} of {ti.max_tries + 1}"),
        ("Cause", workload.reason or "not known"),
        ("Log", ti.log_url),
    )
    body = "".join(
        f"<tr><th align='left'>{name}</th><td>{escape(str(value))}</td></tr>" for name, value in rows
    )
    subject = f"Task {ti.dag_id}.{ti.task_id} {word}"
    load_late(_SEND_EMAIL)(to=task.email, subject=subject, html_content=f"<table>{body}</table>")

"""One attempt of one task, from its workload to its outcome. Whatever user code does becomes an outcome."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import msgspec

from etesian.foundation.clock import utc_now
from etesian.protocol.reports import Deferred, Failed, Outcome, Rescheduled, Skipped, Succeeded, XComValue
from etesian.protocol.workloads import TIMED_OUT, Resume, RunTask
from etesian.sdk.attempts.callback_execution import call_on_execute, execute_callback
from etesian.sdk.attempts.failures import fail_outcome, log_failure
from etesian.sdk.attempts.observing import tell_end, tell_start
from etesian.sdk.attempts.stopping import OrderlyStop
from etesian.sdk.connections.secrets_masker import redact
from etesian.sdk.context import Context, set_current_context
from etesian.sdk.exceptions import (
    AirflowRescheduleException,
    AirflowSkipException,
    AirflowTaskTimeout,
    DagRunTriggerException,
    DownstreamTasksSkipped,
    TaskDeferred,
)
from etesian.sdk.late_names import load_late
from etesian.sdk.running.context_building import build_context
from etesian.sdk.running.dag_run import DagRun
from etesian.sdk.running.rendered_fields import send_rendered_fields
from etesian.sdk.running.returned_value import xcoms_of
from etesian.sdk.running.task_instance import InstanceFacts, TaskInstance
from etesian.sdk.running.templates import create_environment
from etesian.sdk.tasks.operator import TRIGGER_FAIL_REPR, TRIGGER_TIMEOUT
from etesian.sdk.tasks.operator_link import compute_links
from etesian.sdk.xcoms.xcom import deserialize, serialize, to_xcom_value

__all__ = ["AttemptResult", "execute_callback", "execute_task", "run_attempt"]

_log = logging.getLogger("airflow.task")
#: starts the run that an operator of a provider package asks for
_START_RUN: Final = "etesian.operators.trigger_dagrun:start_run_for"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptResult:
    """What one attempt came to."""

    outcome: Outcome
    rendered_map_index: str | None = None
    error: BaseException | None = None  #: what a failed attempt ended with, for who runs it in this process


def execute_task(task: Any, workload: RunTask) -> Outcome:
    """Run one attempt of a task and return its outcome; see ``run_attempt``."""
    return run_attempt(task, workload).outcome


def run_attempt(task: Any, workload: RunTask) -> AttemptResult:
    """Run one attempt of a task, as the platform asked for it.

    Arguments of a mapped task are resolved, templates rendered, and the task executed, or resumed after a
    deferral. What it returns is pushed with its outcome; what it raises decides the outcome. SIGTERM calls
    ``on_kill`` and ends the task.
    """
    ti = TaskInstance(task, DagRun(workload.run), InstanceFacts.of_task(workload))
    ti.map_lengths = dict(workload.map_lengths)
    context: Context | None = None
    raised: BaseException | None = None
    try:
        context = build_context(ti)
        with set_current_context(context):
            outcome = _run(task, workload, ti, context)
    except SystemExit as error:
        outcome, raised = Succeeded() if error.code in (None, 0) else _failed(error, ti, context), error
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        outcome, raised = _outcome_of(error, ti, context), error
    tell_end(ti, outcome, raised)
    return AttemptResult(
        outcome=_with_links(outcome, ti),
        rendered_map_index=ti.rendered_map_index,
        error=raised if isinstance(outcome, Failed) else None,
    )


def _run(task: Any, workload: RunTask, ti: TaskInstance, context: Context) -> Outcome:
    operator = task.unmap(context) if task.is_directly_mapped else task.prepare_for_execution()
    ti.task = operator
    context.update(
        task=operator,
        params=context["params"] if operator.params is task.params else operator.params.validate(),
    )
    operator.render_template_fields(context)
    send_rendered_fields(operator, workload.attempt_id)
    _render_map_index(operator, ti, context)
    tell_start(ti)
    with OrderlyStop(operator):
        try:
            result = _call(operator, workload.resume, context)
        except AirflowTaskTimeout:
            operator.on_kill()
            raise
    _render_map_index(operator, ti, context)
    return _succeeded(operator, context, xcoms=xcoms_of(operator, result, ti))


def _call(operator: Any, resume: Resume | None, context: Context) -> Any:
    operator.pre_execute(context)
    call_on_execute(operator, context)
    if resume is None:
        result = _begin(operator, context)
    else:
        method, kwargs = _next_step(resume)
        result = operator.resume_execution(method, kwargs, context)
    operator.post_execute(context, result)
    return result


def _begin(operator: Any, context: Context) -> Any:
    if operator.start_from_trigger and operator.start_trigger_args is not None:
        operator.start_trigger_args.defer()
    try:
        return operator.execute(context)
    except DagRunTriggerException as order:
        return load_late(_START_RUN)(operator, order, context)


def _next_step(resume: Resume) -> tuple[str, dict[str, Any]]:
    """Return the method of the task to go on with, and its arguments."""
    kwargs = deserialize(resume.kwargs)
    if resume.error is not None:
        return TRIGGER_FAIL_REPR, {"error": TRIGGER_TIMEOUT if resume.error == TIMED_OUT else resume.error}
    if resume.event is not None:
        kwargs["event"] = deserialize(resume.event)
    return resume.method, kwargs


# --- success ------------------------------------------------------------------------------------------------


def _succeeded(
    operator: Any, context: Context, *, xcoms: tuple[XComValue, ...] = (), skip: tuple[str, ...] = ()
) -> Succeeded:
    events = context["outlet_events"].reports_for(operator.outlets) if operator.outlets else ()
    return Succeeded(xcoms=xcoms, skip=skip, asset_events=events)


def _render_map_index(operator: Any, ti: TaskInstance, context: Context) -> None:
    """Name the instance of a mapped task; names set while it runs count, so this is done before and after."""
    template = operator.map_index_template
    if template is None or ti.map_index < 0:
        return
    environment = operator.get_template_env() if operator.has_dag() else create_environment()
    environment.undefined = _lenient()
    ti.rendered_map_index = str(redact(environment.from_string(template).render(context)))[:250]


def _lenient() -> Any:
    from jinja2 import Undefined  # loaded already when there is a template

    return Undefined


def _with_links(outcome: Outcome, ti: TaskInstance) -> Outcome:
    """Keep the links: with the outcome of a success, else at once, because people need them then."""
    links = dict(compute_links(ti.task, ti)) if ti.task.operator_extra_links else {}
    if not links:
        return outcome
    if isinstance(outcome, Succeeded):
        values = tuple(to_xcom_value(key, address, f"the link {key}") for key, address in links.items())
        return msgspec.structs.replace(outcome, xcoms=(*outcome.xcoms, *values))
    for key, address in links.items():
        ti.xcom_push(key, address)
    return outcome


# --- other outcomes -----------------------------------------------------------------------------------------


def _outcome_of(error: BaseException, ti: TaskInstance, context: Context | None) -> Outcome:
    """Return what an exception from user code, or from what prepares it, means."""
    match error:
        case TaskDeferred():
            return _deferred(error)
        case DownstreamTasksSkipped() if context is not None:
            skip = tuple(dict.fromkeys(one if isinstance(one, str) else one[0] for one in error.tasks))
            return _succeeded(ti.task, context, skip=skip)
        case AirflowSkipException():
            reason = str(redact(str(error))) or None
            _log.info("The task is skipped%s", f": {reason}" if reason else "")
            return Skipped(reason=reason)
        case AirflowRescheduleException():
            return Rescheduled(at=error.reschedule_date)
    return _failed(error, ti, context)


def _failed(error: BaseException, ti: TaskInstance, context: Context | None) -> Outcome:
    if getattr(ti.task, "soft_fail", False) and type(error).__name__ in (
        "AirflowSensorTimeout",
        "AirflowPokeFailException",
    ):
        return Skipped(reason=str(redact(str(error))))
    log_failure(_log, error)
    return fail_outcome(error, ti, context)


def _deferred(signal_: TaskDeferred) -> Outcome:
    class_path, kwargs = signal_.trigger.serialize() if signal_.trigger is not None else ("", {})
    timeout: timedelta | None = signal_.timeout
    question = signal_.awaiting_input
    return Deferred(
        trigger_class=class_path,
        trigger_kwargs=serialize(kwargs, f"the arguments of trigger {class_path}"),
        method=signal_.method_name,
        kwargs=serialize(signal_.kwargs, f"the arguments of {signal_.method_name}"),
        timeout_at=utc_now() + timeout if timeout is not None else None,
        awaiting_input=None if question is None else serialize(question, "the question to a person"),
    )

"""Sensors that wait for other DAGs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from etesian.lifecycle.state import RunState, TaskState
from etesian.protocol.requests import FoundDag, GetDag
from etesian.sdk.dags.dag_links import ExternalDagLink
from etesian.sdk.exceptions import AirflowException, AirflowSkipException
from etesian.sdk.running.external_states import ExternalWait, Verdict
from etesian.sdk.runtime import ask
from etesian.sdk.tasks.user_call import choose_kwargs
from etesian.sensors.base import BaseSensorOperator, SensorArgumentError
from etesian.spec.codec import decode_dag
from etesian.triggers.external_task import WorkflowTrigger

if TYPE_CHECKING:
    from etesian.sdk.context import Context

_STATES: Final = frozenset({*TaskState, *RunState})


class ExternalTaskFailedError(AirflowException):
    """What the sensor waited for has failed."""


class ExternalDagNotFoundError(AirflowException):
    """The other DAG, or the task or group in it, does not exist."""


class ExternalTaskSensor(BaseSensorOperator):
    """Waits for tasks, a task group, or a whole run of another DAG.

    The other run is the one of the same logical date, of that date less ``execution_delta``, or of the date
    or dates that ``execution_date_fn`` returns. All must be in ``allowed_states``. One in ``failed_states``
    fails the sensor (or skips it, with ``soft_fail``); all in ``skipped_states`` skip it.
    ``check_existence`` fails it at once when there is nothing of that name to wait for.

    Raises:
        SensorArgumentError: arguments contradict each other, or name states that do not exist.
    """

    template_fields: Sequence[str] = (
        "external_dag_id",
        "external_task_id",
        "external_task_ids",
        "external_task_group_id",
    )
    operator_extra_links = (ExternalDagLink(),)
    ui_color = "#4db7db"

    def __init__(
        self,
        *,
        external_dag_id: str,
        external_task_id: str | None = None,
        external_task_ids: Collection[str] | None = None,
        external_task_group_id: str | None = None,
        allowed_states: Iterable[str] | None = None,
        skipped_states: Iterable[str] | None = None,
        failed_states: Iterable[str] | None = None,
        execution_delta: timedelta | None = None,
        execution_date_fn: Callable[..., Any] | None = None,
        check_existence: bool = False,
        poll_interval: float | None = None,
        deferrable: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.external_dag_id = external_dag_id
        self.external_task_id = external_task_id
        self.external_task_ids = external_task_ids
        self.external_task_group_id = external_task_group_id
        self.allowed_states = _states(allowed_states, (TaskState.SUCCESS.value,))
        self.skipped_states = _states(skipped_states, ())
        self.failed_states = _states(failed_states, ())
        self.execution_delta = execution_delta
        self.execution_date_fn = execution_date_fn
        self.check_existence = check_existence
        self.poll_interval = poll_interval if poll_interval is not None else self.poke_interval
        self.deferrable = deferrable
        self._existence_is_checked = False
        self._check_arguments()

    def _check_arguments(self) -> None:
        what = f"ExternalTaskSensor {self.task_id!r}"
        ways = [self.external_task_id, self.external_task_ids, self.external_task_group_id]
        if sum(way is not None for way in ways) > 1:
            raise SensorArgumentError(
                f"{what} can have only one of external_task_id, external_task_ids and external_task_group_id"
            )
        if self.execution_delta is not None and self.execution_date_fn is not None:
            raise SensorArgumentError(f"{what} can have only one of execution_delta and execution_date_fn")
        listed = self.external_task_ids
        if isinstance(listed, list | tuple) and len(set(listed)) < len(listed):
            raise SensorArgumentError(f"{what} names a task twice in external_task_ids: {list(listed)!r}")
        all_states = [*self.allowed_states, *self.skipped_states, *self.failed_states]
        if len(set(all_states)) < len(all_states):
            raise SensorArgumentError(
                f"{what} has a state in more than one of allowed, skipped and failed states"
            )
        if unknown := sorted(set(all_states) - _STATES):
            raise SensorArgumentError(
                f"{what} waits for {unknown!r}; states are {', '.join(sorted(_STATES))}"
            )

    def make_wait(self, context: Mapping[str, Any]) -> ExternalWait:
        """Return what to wait for in the run of ``context``."""
        one, several = self.external_task_id, self.external_task_ids
        task_ids = (one,) if one else tuple(several) if several else None
        return ExternalWait(
            dag_id=self.external_dag_id,
            logical_dates=self._find_dates(context),
            task_ids=task_ids,
            group_id=self.external_task_group_id,
            allowed_states=self.allowed_states,
            skipped_states=self.skipped_states,
            failed_states=self.failed_states,
        )

    def _find_dates(self, context: Mapping[str, Any]) -> tuple[datetime, ...]:
        date = context.get("logical_date") or context["dag_run"].run_after
        if self.execution_delta is not None:
            return (date - self.execution_delta,)
        if self.execution_date_fn is None:
            return (date,)
        found = _call_date_function(self.execution_date_fn, date, context)
        return tuple(found) if isinstance(found, list | tuple | set) else (found,)

    def poke(self, context: Context) -> bool:
        """Ask for the states of the other DAG, and judge them.

        Raises:
            ExternalTaskFailedError: something is in a failed state. AirflowSkipException: everything is in
            a skipped state, or ``soft_fail`` makes a skip of the failure.
        """
        wait = self.make_wait(context)
        self._check_existence()
        verdict = wait.judge(ask(wait.request(), wait.answer_type))
        self.log.info(
            "Waiting for %s on %s: %s", wait, ", ".join(map(str, wait.logical_dates or ())), verdict.value
        )
        return self._conclude(verdict, str(wait))

    def _conclude(self, verdict: Verdict, what: str) -> bool:
        if verdict is Verdict.FAILED:
            self._fail_or_skip(ExternalTaskFailedError(f"{what} has failed"))
        if verdict is Verdict.SKIPPED:
            raise AirflowSkipException(f"{what} was skipped. Skipping.")
        return verdict is Verdict.SUCCESS

    def _fail_or_skip(self, error: AirflowException) -> None:
        if self.soft_fail:
            raise AirflowSkipException(f"{error}. Skipping due to soft_fail.") from error
        raise error

    def _check_existence(self) -> None:
        if not self.check_existence or self._existence_is_checked:
            return
        answer = ask(GetDag(dag_id=self.external_dag_id), FoundDag)
        if answer.spec is None:
            raise ExternalDagNotFoundError(f"there is no DAG {self.external_dag_id!r} to wait for")
        spec = decode_dag(answer.spec)
        known = {task.task_id for task in spec.tasks}
        wanted = [self.external_task_id] if self.external_task_id else list(self.external_task_ids or ())
        if missing := [task_id for task_id in wanted if task_id not in known]:
            raise ExternalDagNotFoundError(f"DAG {spec.dag_id!r} has no task {', '.join(map(repr, missing))}")
        group_id = self.external_task_group_id
        if group_id is not None and group_id not in {group.group_id for group in spec.groups}:
            raise ExternalDagNotFoundError(f"DAG {spec.dag_id!r} has no task group {group_id!r}")
        self._existence_is_checked = True

    def execute(self, context: Context) -> Any:
        """Wait here, or on the triggerer if it is deferrable."""
        if not self.deferrable:
            return super().execute(context)
        if self.poke(context):
            return None
        wait = self.make_wait(context)
        return self.defer(
            timeout=timedelta(seconds=self.timeout),
            trigger=WorkflowTrigger(
                external_dag_id=wait.dag_id,
                logical_dates=wait.logical_dates,
                external_task_ids=wait.task_ids,
                external_task_group_id=wait.group_id,
                allowed_states=wait.allowed_states,
                skipped_states=wait.skipped_states,
                failed_states=wait.failed_states,
                poke_interval=self.poll_interval,
                soft_fail=self.soft_fail,
            ),
            method_name="execute_complete",
        )

    def execute_complete(self, context: Context, event: Mapping[str, Any] | None = None) -> None:
        """Go on when the trigger has fired.

        Raises:
            ExternalTaskFailedError: what it waited for has failed, or the trigger said nothing that we
            understand. AirflowSkipException: what it waited for was skipped.
        """
        status = (event or {}).get("status")
        what = str(self.make_wait(context))
        if status not in {verdict.value for verdict in Verdict}:
            self._fail_or_skip(ExternalTaskFailedError(f"waiting for {what} ended with {event!r}"))
        self._conclude(Verdict(status), what)


def _states(given: Iterable[str] | None, default: tuple[str, ...]) -> tuple[str, ...]:
    return default if given is None else tuple(str(getattr(state, "value", state)) for state in given)


def _call_date_function(function: Callable[..., Any], date: datetime, context: Mapping[str, Any]) -> Any:
    """Call it with the date, then with the context if it takes a second argument, else with keys it names."""
    parameters = list(inspect.signature(function).parameters.values())
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if len([item for item in parameters if item.kind in positional and item.name not in context]) > 1:
        return function(date, context)
    first = parameters[0].name if parameters else ""
    offered = {key: value for key, value in context.items() if key != first}
    return function(date, **choose_kwargs(function, [date], offered))

"""Tasks that start a run of another DAG."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final

from etesian.foundation.clock import utc_now
from etesian.lifecycle.state import FINAL_RUN_STATES, RunState
from etesian.protocol.requests import (
    ClearRun,
    Done,
    FoundDag,
    GetDag,
    GetRunStates,
    RunInfos,
    TriggeredRun,
    TriggerRun,
)
from etesian.sdk.dags.dag_links import TriggerDagRunLink
from etesian.sdk.exceptions import (
    AirflowException,
    AirflowSkipException,
    DagNotFound,
    DagRunAlreadyExists,
    DagRunTriggerException,
)
from etesian.sdk.graph.scope import detached
from etesian.sdk.runtime import ask
from etesian.sdk.tasks.operator import BaseOperator
from etesian.sdk.time.timezone import convert_to_utc
from etesian.sdk.xcoms.xcom_arg import NOTSET, ArgNotSet
from etesian.triggers.external_task import DagStateTrigger

if TYPE_CHECKING:
    from etesian.sdk.context import Context

#: Under this key the task pushes the id of the run that it started.
XCOM_RUN_ID: Final = "trigger_run_id"
#: How often, and how far apart, a cleared run is looked at until the clear shows. A clear of nothing never does.
_CLEAR_LOOKS: Final = 40
_CLEAR_LOOK_SECONDS: Final = 0.05


class TriggeredRunFailedError(AirflowException):
    """The run that was waited for did not come to what was wanted, or could not be started."""


class DagIsPaused(AirflowException):
    """The DAG to start is paused, and the task was not to start a run that waits."""

    def __init__(self, dag_id: str) -> None:
        super().__init__(f"Dag {dag_id} is paused")
        self.dag_id = dag_id


@dataclass(slots=True)
class DagRunOrder:
    """What the ``python_callable`` of Airflow 1 fills in and returns."""

    run_id: str | None = None
    payload: Any = None


class TriggerDagRunOperator(BaseOperator):
    """Starts a run of ``trigger_dag_id``, and with ``wait_for_completion`` waits for its end.

    A run of that id or date may exist: ``reset_dag_run`` clears it, ``skip_when_already_exists`` skips the
    task, else the task fails. Waiting ends well in one of ``allowed_states``; ``deferrable`` waits on the
    triggerer.
    """

    template_fields: Sequence[str] = (
        "trigger_dag_id",
        "trigger_run_id",
        "logical_date",
        "conf",
        "wait_for_completion",
        "skip_when_already_exists",
    )
    template_fields_renderers: ClassVar[Mapping[str, str]] = {"conf": "py"}
    operator_extra_links = (TriggerDagRunLink(),)
    ui_color = "#ffefeb"

    def __init__(
        self,
        *,
        trigger_dag_id: str,
        trigger_run_id: str | None = None,
        conf: Mapping[str, Any] | None = None,
        logical_date: str | datetime | ArgNotSet | None = NOTSET,
        execution_date: str | datetime | None = None,
        run_after: str | datetime | ArgNotSet | None = NOTSET,
        reset_dag_run: bool = False,
        wait_for_completion: bool = False,
        poke_interval: float = 60,
        allowed_states: Collection[str] | None = None,
        failed_states: Collection[str] | None = None,
        skip_when_already_exists: bool = False,
        fail_when_dag_is_paused: bool = False,
        note: str | None = None,
        deferrable: bool = False,
        openlineage_inject_parent_info: bool = True,
        python_callable: Callable[..., Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.trigger_dag_id = trigger_dag_id
        self.trigger_run_id = trigger_run_id
        self.conf = conf
        self.logical_date = execution_date if execution_date is not None else logical_date
        self.run_after = run_after
        self.reset_dag_run = reset_dag_run
        self.wait_for_completion = wait_for_completion
        self.poke_interval = poke_interval
        self.allowed_states = _states(allowed_states, RunState.SUCCESS)
        self.failed_states = _states(failed_states, RunState.FAILED)
        self.skip_when_already_exists = skip_when_already_exists
        self.fail_when_dag_is_paused = fail_when_dag_is_paused
        self.note = note
        self.deferrable = deferrable
        self.openlineage_inject_parent_info = openlineage_inject_parent_info
        self.python_callable = python_callable
        #: of the run; None: as the other DAG's schedule would have it
        self.data_interval: tuple[datetime, datetime] | None = None

    def execute(self, context: Context) -> None:
        """Start the run, and wait for it if asked to.

        Raises:
            AirflowSkipException: there is such a run, or the ``python_callable`` wanted none.
            DagRunAlreadyExists: there is such a run, and nothing says what to do about it.
            TriggeredRunFailedError: the run failed.
            RequestRefusedError: the platform did not start it.
        """
        if self.python_callable is not None:
            self._take_order(self.python_callable, context)
        if self.fail_when_dag_is_paused:
            self._check_not_paused()
        run_id = self._start()
        context["ti"].xcom_push(XCOM_RUN_ID, run_id)
        if not self.wait_for_completion:
            return
        if self.deferrable:
            states = [*self.allowed_states, *self.failed_states]
            self.defer(
                trigger=DagStateTrigger(
                    dag_id=self.trigger_dag_id,
                    states=states,
                    run_ids=[run_id],
                    poll_interval=self.poke_interval,
                ),
                method_name="execute_complete",
            )
        while not self._is_done(run_id):
            time.sleep(self.poke_interval)

    def execute_complete(self, context: Context, event: Any = None) -> None:
        """Go on when the trigger saw the run's end; the event has its state by run_id.

        Raises:
            TriggeredRunFailedError: the run failed.
        """
        for run_id, state in (event if isinstance(event, Mapping) else {}).items():
            self._check_state(run_id, str(state))

    def _start(self) -> str:
        answer = ask(
            TriggerRun(
                dag_id=self.trigger_dag_id,
                run_id=self.trigger_run_id,
                logical_date=self._find_date(),
                run_after=convert_to_utc(self.run_after) if self.run_after else None,
                data_interval=self.data_interval,
                conf=self._plain_conf(),
                note=self.note,
            ),
            TriggeredRun,
        )
        self.trigger_run_id = answer.run_id
        if not answer.already_exists:
            self.log.info("Started run %s of DAG %s", answer.run_id, self.trigger_dag_id)
        elif self.reset_dag_run:
            self.log.info("Run %s of DAG %s exists: clearing it", answer.run_id, self.trigger_dag_id)
            self._clear(answer.run_id)
        elif self.skip_when_already_exists:
            raise AirflowSkipException(
                f"DAG {self.trigger_dag_id!r} has a run {answer.run_id!r} already. Skipping."
            )
        else:
            raise DagRunAlreadyExists(dag_id=self.trigger_dag_id, run_id=answer.run_id)
        return answer.run_id

    def _clear(self, run_id: str, *, only_failed: bool = False) -> None:
        """Clear a run, and wait until that shows: before, its end would be taken for the end of the new try."""
        ask(ClearRun(dag_id=self.trigger_dag_id, run_id=run_id, only_failed=only_failed), Done)
        for _ in range(_CLEAR_LOOKS):
            if not self._has_ended(run_id):
                return
            time.sleep(_CLEAR_LOOK_SECONDS)

    def _has_ended(self, run_id: str) -> bool:
        return self._find_state(run_id) in FINAL_RUN_STATES

    def _find_state(self, run_id: str) -> str:
        found = ask(GetRunStates(dag_id=self.trigger_dag_id, run_ids=(run_id,)), RunInfos)
        if not found.runs:
            raise TriggeredRunFailedError(f"run {run_id!r} of DAG {self.trigger_dag_id!r} was deleted")
        return found.runs[0].state

    def _find_date(self) -> datetime | None:
        """Return the logical date: by default the moment of starting; None where the author wants none."""
        if self.logical_date is NOTSET:
            return utc_now() if self.run_after is NOTSET else None
        return None if self.logical_date is None else convert_to_utc(self.logical_date)

    def _plain_conf(self) -> dict[str, Any]:
        try:
            conf = json.loads(self.conf) if isinstance(self.conf, str) else dict(self.conf or {})
            plain: dict[str, Any] = json.loads(json.dumps(conf))
        except (TypeError, ValueError) as error:
            raise TriggeredRunFailedError(
                f"conf parameter should be JSON Serializable (task {self.task_id!r}): {error}"
            ) from error
        return plain

    def _is_done(self, run_id: str) -> bool:
        state = self._find_state(run_id)
        self.log.info("Waiting for run %s of DAG %s: it is %s", run_id, self.trigger_dag_id, state)
        return self._check_state(run_id, state)

    def _check_state(self, run_id: str, state: str) -> bool:
        if state in self.failed_states:
            raise TriggeredRunFailedError(f"run {run_id!r} of DAG {self.trigger_dag_id!r} ended as {state}")
        return state in self.allowed_states

    def _check_not_paused(self) -> None:
        found = ask(GetDag(dag_id=self.trigger_dag_id), FoundDag)
        if found.spec is None:
            raise DagNotFound(f"there is no DAG {self.trigger_dag_id!r} to start")
        if found.is_paused:
            raise DagIsPaused(self.trigger_dag_id)

    def _take_order(self, function: Callable[..., Any], context: Context) -> None:
        order = function(context, DagRunOrder(run_id=self.trigger_run_id))
        if not order:
            raise AirflowSkipException("the python_callable wants no run to be started")
        self.trigger_run_id = order.run_id
        self.conf = order.payload


def start_run_for(operator: BaseOperator, order: DagRunTriggerException, context: Context) -> None:
    """Start the run that an operator of a provider package asks for, and wait for it here if it says so."""
    options = {name: value for name, value in order.options.items() if name != "deferrable"}
    with detached():
        starter = TriggerDagRunOperator(
            task_id=operator.task_id,
            trigger_dag_id=order.trigger_dag_id,
            trigger_run_id=order.dag_run_id,
            note=order.note,
            **options,
        )
    starter.execute(context)


def _states(given: Collection[str] | None, default: RunState) -> list[str]:
    return [default.value] if given is None else [str(getattr(state, "value", state)) for state in given]

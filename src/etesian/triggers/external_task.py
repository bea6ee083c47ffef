"""Triggers that wait for other DAGs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from typing import Any

from etesian.protocol.requests import GetRunStates, Refused, RunInfos, TaskStates
from etesian.sdk.exceptions import AirflowException
from etesian.sdk.running.external_states import ExternalWait, Verdict
from etesian.sdk.time.timezone import convert_to_utc
from etesian.sdk.trigger import BaseTrigger, TriggerEvent
from etesian.triggers.platform import current_async_platform


class PlatformRefusedError(AirflowException):
    """The platform did not answer a trigger's question."""


class WorkflowTrigger(BaseTrigger):
    """Fires when runs, tasks or a task group of another DAG reach a state; see ``sdk.external_states``."""

    def __init__(
        self,
        external_dag_id: str,
        run_ids: Sequence[str] | None = None,
        execution_dates: Sequence[datetime | str] | None = None,
        logical_dates: Sequence[datetime | str] | None = None,
        external_task_ids: Collection[str] | None = None,
        external_task_group_id: str | None = None,
        failed_states: Collection[str] | None = None,
        skipped_states: Collection[str] | None = None,
        allowed_states: Collection[str] | None = None,
        poke_interval: float = 2.0,
        soft_fail: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        dates = logical_dates if logical_dates is not None else execution_dates
        self.wait = ExternalWait(
            dag_id=external_dag_id,
            run_ids=None if run_ids is None else tuple(run_ids),
            logical_dates=None if dates is None else tuple(convert_to_utc(date) for date in dates),
            task_ids=None if external_task_ids is None else tuple(external_task_ids),
            group_id=external_task_group_id,
            allowed_states=tuple(allowed_states or ()),
            skipped_states=tuple(skipped_states or ()),
            failed_states=tuple(failed_states or ()),
        )
        self.poke_interval = poke_interval
        self.soft_fail = soft_fail

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return class path and arguments."""
        wait = self.wait
        return (
            f"{WorkflowTrigger.__module__}.{WorkflowTrigger.__qualname__}",
            {
                "external_dag_id": wait.dag_id,
                "run_ids": None if wait.run_ids is None else list(wait.run_ids),
                "logical_dates": None if wait.logical_dates is None else list(wait.logical_dates),
                "external_task_ids": None if wait.task_ids is None else list(wait.task_ids),
                "external_task_group_id": wait.group_id,
                "failed_states": list(wait.failed_states),
                "skipped_states": list(wait.skipped_states),
                "allowed_states": list(wait.allowed_states),
                "poke_interval": self.poke_interval,
                "soft_fail": self.soft_fail,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look again and again."""
        while True:
            answer = await current_async_platform().ask(self.wait.request())
            if not isinstance(answer, RunInfos | TaskStates):
                raise PlatformRefusedError(f"the states of {self.wait} cannot be had: {_reason(answer)}")
            verdict = self.wait.judge(answer)
            if verdict is not Verdict.WAITING:
                yield TriggerEvent({"status": verdict.value})
                return
            await asyncio.sleep(self.poke_interval)


class DagStateTrigger(BaseTrigger):
    """Fires when all the given runs of a DAG have one of ``states``; the event has their states by id."""

    def __init__(
        self,
        dag_id: str,
        states: Collection[str],
        run_ids: Sequence[str] | None = None,
        execution_dates: Sequence[datetime | str] | None = None,
        poll_interval: float = 5.0,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        self.dag_id = dag_id
        self.states = [str(getattr(state, "value", state)) for state in states]
        self.run_ids = None if run_ids is None else list(run_ids)
        dates = execution_dates
        self.execution_dates = None if dates is None else [convert_to_utc(date) for date in dates]
        self.poll_interval = poll_interval

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return class path and arguments."""
        return (
            f"{DagStateTrigger.__module__}.{DagStateTrigger.__qualname__}",
            {
                "dag_id": self.dag_id,
                "states": self.states,
                "run_ids": self.run_ids,
                "execution_dates": self.execution_dates,
                "poll_interval": self.poll_interval,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look again and again."""
        request = GetRunStates(
            dag_id=self.dag_id,
            run_ids=None if self.run_ids is None else tuple(self.run_ids),
            logical_dates=None if self.execution_dates is None else tuple(self.execution_dates),
            states=tuple(self.states),
        )
        wanted = len(self.run_ids if self.run_ids is not None else self.execution_dates or ())
        while True:
            answer = await current_async_platform().ask(request)
            if not isinstance(answer, RunInfos):
                raise PlatformRefusedError(f"runs of DAG {self.dag_id!r} cannot be had: {_reason(answer)}")
            if len(answer.runs) >= max(1, wanted):
                yield TriggerEvent({run.run_id: run.state for run in answer.runs})
                return
            await asyncio.sleep(self.poll_interval)


def _reason(answer: object) -> str:
    return answer.reason if isinstance(answer, Refused) else f"unexpected answer {type(answer).__name__}"

"""Waiting for another DAG: what to ask the platform, and what the answer means."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from etesian.protocol.requests import GetRunStates, GetTaskStates, RunInfos, TaskStates


class Verdict(Enum):
    """What the states of the other DAG mean for the one that waits."""

    WAITING = "waiting"
    SUCCESS = "success"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalWait:
    """Waits for tasks, a task group, or without either whole runs of a DAG, known by id or logical date.

    A mapped task has a state when all its instances have it. One thing in a failed state decides; all
    things must be in an allowed state, or all in a skipped one.
    """

    dag_id: str
    run_ids: tuple[str, ...] | None = None
    logical_dates: tuple[datetime, ...] | None = None
    task_ids: tuple[str, ...] | None = None
    group_id: str | None = None
    allowed_states: tuple[str, ...] = ("success",)
    skipped_states: tuple[str, ...] = ()
    failed_states: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.task_ids:
            return f"tasks {', '.join(self.task_ids)} of DAG {self.dag_id!r}"
        return f"group {self.group_id!r} of DAG {self.dag_id!r}" if self.group_id else f"DAG {self.dag_id!r}"

    def request(self) -> GetRunStates | GetTaskStates:
        """Return the question to the platform."""
        if self.task_ids is None and self.group_id is None:
            return GetRunStates(dag_id=self.dag_id, run_ids=self.run_ids, logical_dates=self.logical_dates)
        return GetTaskStates(
            dag_id=self.dag_id,
            task_ids=self.task_ids,
            group_id=self.group_id,
            run_ids=self.run_ids,
            logical_dates=self.logical_dates,
        )

    @property
    def answer_type(self) -> type[RunInfos | TaskStates]:
        """What the answer to ``request`` is."""
        return RunInfos if isinstance(self.request(), GetRunStates) else TaskStates

    def judge(self, answer: RunInfos | TaskStates) -> Verdict:
        """Return what the answer means."""
        things = self._states_by_thing(answer)
        if any(state in self.failed_states for states in things for state in states):
            return Verdict.FAILED
        wanted = self._runs_wanted() * (len(self.task_ids) if self.task_ids is not None else 1)
        if len(things) < wanted:
            return Verdict.WAITING
        if self.skipped_states and _all_in(things, self.skipped_states):
            return Verdict.SKIPPED
        return Verdict.SUCCESS if _all_in(things, self.allowed_states) else Verdict.WAITING

    def _runs_wanted(self) -> int:
        names = self.run_ids if self.run_ids is not None else self.logical_dates
        return len(names) if names is not None else 1

    def _states_by_thing(self, answer: RunInfos | TaskStates) -> list[list[str]]:
        """Return the states found, one list per run, per task in a run, or per group in a run."""
        if isinstance(answer, RunInfos):
            return [[run.state] for run in answer.runs]
        found: dict[tuple[str, str], list[str]] = {}
        for item in answer.items:
            thing = item.task_id if self.task_ids is not None else ""
            found.setdefault((item.run_id, thing), []).append(item.state)
        return list(found.values())


def _all_in(things: Iterable[Iterable[str]], states: Iterable[str]) -> bool:
    allowed = set(states)
    return all(state in allowed for thing in things for state in thing)

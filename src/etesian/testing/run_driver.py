"""One run from its first task to its end: the scheduler's own core, with everything around it in this process."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from etesian.foundation.errors import EtesianError
from etesian.lifecycle.records import DagRunRecord, RunKey, TaskKey
from etesian.lifecycle.state import TaskState
from etesian.protocol.commands import AnswerInput
from etesian.protocol.reports import Claim, Finished, Succeeded
from etesian.protocol.workloads import RunCallback, RunTask, Workload
from etesian.scheduler.core.core import Core
from etesian.scheduler.core.decisions import (
    AnswerClaim,
    AskPast,
    CancelTrigger,
    Decision,
    Dispatch,
    StartTrigger,
    StopAttempt,
)
from etesian.scheduler.core.events import Event, PoolsSet, RunAdded, SpecUpdated, Tick, XComPushed
from etesian.scheduler.core.settings import CoreSettings
from etesian.spec.codec import compute_hash
from etesian.spec.dag import DagSpec
from etesian.spec.schedule import NoSchedule
from etesian.testing.attempt_runner import AttemptRunner
from etesian.testing.clock import FakeClock
from etesian.testing.memory_store import MemoryStore
from etesian.testing.trigger_runner import TriggerRunner

#: One at a time, so that the order of tasks is the core's order of dispatches.
_SETTINGS: Final = CoreSettings(parallelism=1, callback_parallelism=1)
_HOSTNAME: Final = "localhost"
_UNLIMITED: Final = (-1, False)


class RunStuckError(EtesianError):
    """A run cannot go on: nothing runs, nothing is waited for, and it has not ended."""


@dataclass(slots=True)
class RunDriver:
    """Drives one run. Where a scheduler would sleep, the clock jumps."""

    spec: DagSpec
    store: MemoryStore
    runner: AttemptRunner
    clock: FakeClock
    answers: Mapping[str, Any] = field(default_factory=dict)  #: to tasks that ask a person, by task_id
    _core: Core = field(default_factory=lambda: Core(_SETTINGS))
    _work: deque[Workload] = field(default_factory=deque)
    _granted: set[str] = field(default_factory=set)
    _triggers: TriggerRunner = field(init=False)

    def __post_init__(self) -> None:
        self._triggers = TriggerRunner(self.clock)

    def run(self, run: DagRunRecord) -> None:
        """Run to the end, callbacks included.

        Raises:
            RunStuckError: the run can neither go on nor end.
        """
        pools = dict.fromkeys((task.pool for task in self.spec.tasks), _UNLIMITED)
        # Only this one run is wanted, not those that the schedule would add.
        spec = msgspec.structs.replace(self.spec, schedule=NoSchedule())
        known = SpecUpdated(
            spec=spec, version_hash=compute_hash(spec), code_hash="", bundle="dags", is_paused=False
        )
        with closing(self._triggers):
            self._turn(PoolsSet(pools=pools), known, RunAdded(run=run))
            while self._work or not self.store.runs[run.key].state.is_final:
                if self._work:
                    self._execute(self._work.popleft())
                else:
                    self._wait(run.key)

    def _turn(self, *events: Event) -> None:
        """Tell the core what happened, and carry out what it decides, until it has no more questions."""
        while True:
            now = self.clock.now()
            decisions = [decision for event in events for decision in self._core.apply(event, now)]
            decisions += self._core.advance(now)
            for decision in decisions:
                self.store.save(decision, now)
                self._act(decision)
            questions = [each for each in decisions if isinstance(each, AskPast)]
            if not questions:
                return
            events = tuple(self.store.load_past(question) for question in questions)

    def _act(self, decision: Decision) -> None:
        match decision:
            case Dispatch(workload=workload):
                self._work.append(workload)
            case AnswerClaim(attempt_id=attempt_id, granted=True):
                self._granted.add(attempt_id)
            case StopAttempt(attempt_id=attempt_id):
                self._work = deque(each for each in self._work if each.attempt_id != attempt_id)
            case StartTrigger():
                self._triggers.start(decision)
            case CancelTrigger(trigger_id=trigger_id):
                self._triggers.cancel(trigger_id)
            case _:
                pass

    def _execute(self, workload: Workload) -> None:
        attempt_id = workload.attempt_id
        self._turn(Claim(attempt_id=attempt_id, hostname=_HOSTNAME, pid=os.getpid()))
        if attempt_id not in self._granted:
            return
        self._granted.remove(attempt_id)
        started_at = self.clock.now()
        report = self._run_user_code(workload)
        self._turn(*self._pushed_by(workload))
        self._turn(msgspec.structs.replace(report, started_at=started_at, ended_at=self.clock.now()))

    def _pushed_by(self, workload: Workload) -> list[Event]:
        """Return what an attempt pushed by itself while it ran."""
        if isinstance(workload, RunCallback):
            return []
        key = TaskKey(workload.run.dag_id, workload.run.run_id, workload.task_id, workload.map_index)
        pushed = self.store.xcoms.get(key, {}).values()
        return [XComPushed(attempt_id=workload.attempt_id, key=it.key, length=it.length) for it in pushed]

    def _run_user_code(self, workload: RunTask | RunCallback) -> Finished:
        if isinstance(workload, RunCallback):
            self.runner.run_callback(workload)
            return Finished(attempt_id=workload.attempt_id, outcome=Succeeded())
        result = self.runner.run_task(workload)
        return Finished(
            attempt_id=workload.attempt_id,
            outcome=result.outcome,
            rendered_map_index=result.rendered_map_index,
        )

    def _wait(self, run_key: RunKey) -> None:
        """Let time pass until something happens: a person's answer, a trigger's event, or a moment that is due."""
        events: Sequence[Event] = self._take_answers(run_key)
        wake = self._core.next_wake()
        events = events or self._triggers.wait(wake)
        if not events:
            if wake is None:
                raise RunStuckError(self._explain(run_key))
            self.clock.move_to(wake)
            events = (Tick(),)
        self._turn(*events)

    def _take_answers(self, run_key: RunKey) -> list[Event]:
        return [
            _as_answer(run_key, row.task_id, row.map_index, self.answers[row.task_id])
            for row in self.store.task_instances_of(run_key)
            if row.state is TaskState.AWAITING_INPUT and row.task_id in self.answers
        ]

    def _explain(self, run_key: RunKey) -> str:
        now = self.clock.now()
        reasons = []
        for row in self.store.task_instances_of(run_key):
            if not row.state.is_final:
                blockers = "; ".join(each.text for each in self._core.blockers(row.key, now))
                reasons.append(f"{row.task_id} is {row.state}" + (f" ({blockers})" if blockers else ""))
        waiting = ", ".join(reasons) or "no task is left"
        return f"run {run_key} cannot go on: {waiting}; give `answers=` to tasks that ask a person"


def _as_answer(run_key: RunKey, task_id: str, map_index: int, answer: Any) -> AnswerInput:
    """Return a person's answer: an option, several, or options and what was filled in."""
    chosen, params = answer if isinstance(answer, tuple) else (answer, {})
    options = (chosen,) if isinstance(chosen, str) else tuple(chosen)
    return AnswerInput(
        dag_id=run_key.dag_id,
        run_id=run_key.run_id,
        task_id=task_id,
        map_index=map_index,
        chosen=options,
        params=params,
        user="test",
    )

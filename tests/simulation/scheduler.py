"""A scheduler process: the core in a shell as thin as the real one, that can die between commit and effects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from etesian.lifecycle.state import FINAL_TASK_STATES, TaskState
from etesian.protocol.commands import ClearTasks, DeleteRun, MarkRun, MarkTasks, SetNote
from etesian.scheduler.core.core import Core
from etesian.scheduler.core.decisions import (
    Acknowledge,
    AnswerClaim,
    AskAssetEvents,
    AskPast,
    AskRun,
    Decision,
    Dispatch,
    SaveTaskInstance,
    StopAttempt,
    StoreReport,
)
from etesian.scheduler.core.events import Event, RunGone
from etesian.scheduler.core.settings import CoreSettings
from tests.simulation.store import Store
from tests.simulation.workers import Worker

#: What is done to the core, in order, so that a replay can do the same. None as event means ``advance``.
Step = tuple[Event | None, datetime, list[Decision]]

#: States in which a task waits for something.
WAITING: Final = frozenset(TaskState) - FINAL_TASK_STATES - {TaskState.RUNNING}


@dataclass
class Scheduler:
    """One term of leadership."""

    store: Store
    settings: CoreSettings
    workers: dict[str, Worker]
    now: datetime
    check: Callable[[Sequence[Event], Sequence[Decision], datetime, datetime | None], None]
    route: Callable[[], str]
    epoch: int = 0
    steps: list[Step] = field(default_factory=list)
    unheard: list[Event] = field(default_factory=list)  #: answers of the store; lost if this process dies
    sent_to: dict[str, str] = field(default_factory=dict)  #: attempt to host

    def __post_init__(self) -> None:
        self.store.epoch += 1
        self.epoch = self.store.epoch
        self.settings = replace(
            self.settings, ids_seed=self.settings.ids_seed + self.epoch.to_bytes(4, "big")
        )
        self.core = Core(self.settings)
        self.batch(self.store.load_everything(), self.now)

    def batch(self, events: Sequence[Event], now: datetime, *, dies: bool = False) -> None:
        """Apply a batch, store it, carry it out; ``dies``: the process ends between the last two.

        Raises:
            FencedError: another scheduler leads.
        """
        events, self.unheard = [*self.unheard, *events], []
        decisions: list[Decision] = []
        for event in events:
            decisions += self._apply(event, now)
        decisions += self._advance(now)
        questions = [each for each in decisions if isinstance(each, AskPast)]
        while questions:
            answers = [
                each for question in questions for each in self._apply(self.store.answer(question), now)
            ]
            answers += self._advance(now)
            questions = [each for each in answers if isinstance(each, AskPast)]
            decisions += answers
        self.store.commit(decisions, self.epoch)
        self.check(events, decisions, now, self.core.next_wake())
        self._check_reasons(decisions, now)
        if not dies:
            self._act(decisions, now)

    def _check_reasons(self, decisions: Sequence[Decision], now: datetime) -> None:
        """Whoever has just begun to wait can say for what; asking changes nothing, as the replay proves."""
        newest = {
            each.task_instance.key: each.task_instance
            for each in decisions
            if isinstance(each, SaveTaskInstance)
        }
        for key, record in newest.items():
            if record.state in WAITING and self.core.has_run(key.run_key):
                assert self.core.blockers(key, now), f"{key} is {record.state}, and nobody knows why"

    def command(self, command: Event, now: datetime) -> None:
        """Carry out a user's command in a batch of its own, with the runs that it needs."""
        events: list[Event] = []
        match command:
            case ClearTasks(selection=selection) | MarkTasks(selection=selection):
                keys = [key for key in self.store.runs if key.dag_id == selection.dag_id]
                if not (selection.past or selection.future):
                    keys = [key for key in keys if key.run_id in selection.run_ids]
            case MarkRun() | DeleteRun() | SetNote():
                keys = [key for key in self.store.runs if tuple(key) == (command.dag_id, command.run_id)]
            case _:
                keys = []
        events += [self.store.load_run(key) for key in keys if not self.core.has_run(key)]
        self.batch([*events, command], now)

    def _apply(self, event: Event, now: datetime) -> list[Decision]:
        decisions = self.core.apply(event, now)
        self.steps.append((event, now, decisions))
        return decisions

    def _advance(self, now: datetime) -> list[Decision]:
        decisions = self.core.advance(now)
        self.steps.append((None, now, decisions))
        return decisions

    def _act(self, decisions: Sequence[Decision], now: datetime) -> None:
        for decision in decisions:
            match decision:
                case Dispatch(workload=workload):
                    host = self.route()
                    self.sent_to[workload.attempt_id] = host
                    self.workers[host].receive(workload)
                case AnswerClaim(attempt_id=attempt_id, granted=granted, hostname=hostname, pid=pid):
                    self.workers[hostname].answer(attempt_id, pid, granted=granted)
                case StoreReport(report=report):
                    self._acknowledge(report.attempt_id)
                case Acknowledge(attempt_id=attempt_id):
                    self._acknowledge(attempt_id)
                case StopAttempt(attempt_id=attempt_id):
                    for worker in self.workers.values():
                        worker.stop(attempt_id, now)
                case AskAssetEvents(dag_ids=dag_ids):
                    self.unheard += [self.store.asset_events_known(dag_id) for dag_id in dag_ids]
                case AskRun(run_key=key):
                    known = key in self.store.runs
                    self.unheard.append(self.store.load_run(key) if known else RunGone(run_key=key))
                case _:
                    pass

    def _acknowledge(self, attempt_id: str) -> None:
        for worker in self.workers.values():
            worker.acknowledge(attempt_id)

    def replay(self) -> None:
        """Do the same to a new core, and see that it decides the same."""
        core = Core(self.settings)
        for event, now, decisions in self.steps:
            again = core.advance(now) if event is None else core.apply(event, now)
            assert again == decisions, (
                f"a replay decides differently at {now}: {again} instead of {decisions}"
            )

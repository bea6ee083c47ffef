"""Workers that lose messages, repeat them, and die; and the user code that they pretend to run."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from etesian.protocol.reports import (
    AssetEventReport,
    Claim,
    Deferred,
    Failed,
    Finished,
    Outcome,
    Rescheduled,
    Skipped,
    Succeeded,
    XComValue,
)
from etesian.protocol.workloads import RunCallback, RunTask


@dataclass
class Held:
    """One attempt at a worker."""

    workload: RunTask | RunCallback
    pid: int
    is_claimed: bool = False
    report: Finished | None = None  #: kept until it is acknowledged


@dataclass
class Worker:
    """One host."""

    hostname: str
    random: Random
    is_calm: bool = False  #: no more faults
    held: dict[str, Held] = field(default_factory=dict)
    to_scheduler: list[Claim | Finished] = field(default_factory=list)
    started: list[str] = field(default_factory=list)  #: attempts whose user code began, ever
    called: set[str] = field(default_factory=set)  #: callbacks that ran, ever
    downstream: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    pids: int = 0

    def receive(self, workload: RunTask | RunCallback) -> None:
        """Take a workload, perhaps once more."""
        if workload.attempt_id not in self.held:
            self.pids += 1
            self.held[workload.attempt_id] = Held(workload, self.pids)

    def answer(self, attempt_id: str, pid: int | None, *, granted: bool) -> None:
        """Take the answer to a claim: user code begins, or the attempt is dropped."""
        held = self.held.get(attempt_id)
        if held is None or held.is_claimed or held.pid != pid:
            return
        if not granted:
            del self.held[attempt_id]
            return
        held.is_claimed = True
        self.started.append(attempt_id)
        if isinstance(held.workload, RunCallback):
            self.called.add(held.workload.callback_id)

    def acknowledge(self, attempt_id: str) -> None:
        """Forget an attempt whose report is stored."""
        held = self.held.get(attempt_id)
        if held is not None and held.report is not None:
            del self.held[attempt_id]

    def stop(self, attempt_id: str, now: datetime) -> None:
        """End an attempt as asked."""
        held = self.held.get(attempt_id)
        if held is None or held.report is not None:
            return
        if held.is_claimed:
            held.report = Finished(
                attempt_id=attempt_id, outcome=Failed(reason="stopped", cause="stopped"), ended_at=now
            )
        else:
            del self.held[attempt_id]

    def die(self) -> list[str]:
        """Lose everything; return the attempts that were here."""
        lost = list(self.held)
        self.held.clear()
        self.to_scheduler.clear()
        return lost

    def work(self, now: datetime) -> None:
        """Claim what is not claimed, finish some of what runs, and repeat unacknowledged reports."""
        for attempt_id, held in list(self.held.items()):
            if not self.is_calm and self.random.random() < 0.3:
                continue
            if not held.is_claimed:
                self._send(Claim(attempt_id=attempt_id, hostname=self.hostname, pid=held.pid))
                continue
            if held.report is None and (self.is_calm or self.random.random() < 0.6):
                held.report = self._finish(held.workload, now)
            if held.report is not None:
                self._send(held.report)

    def _send(self, message: Claim | Finished) -> None:
        """Messages get lost (the worker says it again later) and are repeated."""
        chance = 1.0 if self.is_calm else self.random.random()
        if chance < 0.1:
            return
        self.to_scheduler.append(message)
        if chance < 0.2:
            self.to_scheduler.append(message)

    def _finish(self, workload: RunTask | RunCallback, now: datetime) -> Finished:
        if isinstance(workload, RunCallback):
            outcome: Outcome = Succeeded() if self.random.random() < 0.9 else Failed(reason="callback raised")
        else:
            outcome = self._choose_outcome(workload, now)
        return Finished(attempt_id=workload.attempt_id, outcome=outcome, ended_at=now)

    def _choose_outcome(self, task: RunTask, now: datetime) -> Outcome:
        chance = 0.5 + self.random.random() / 2 if self.is_calm else self.random.random()
        if chance < 0.12:
            return Failed(reason="raised")
        if chance < 0.15:
            return Failed(reason="gave up", retry=False)
        if chance < 0.2:
            return Skipped(reason="not today")
        if chance < 0.25:
            return Rescheduled(at=now + timedelta(seconds=self.random.choice((0, 10, 300))))
        if chance < 0.32:
            timeout_at = now + timedelta(seconds=600) if self.random.random() < 0.5 else None
            return Deferred(trigger_class="t", trigger_kwargs=b"{}", method="resume", timeout_at=timeout_at)
        below = self.downstream.get(task.run.dag_id, {}).get(task.task_id, ())
        skip = tuple(each for each in below if self.random.random() < 0.5) if chance < 0.4 else ()
        length = self.random.choice((0, 1, 2, 3)) if self.random.random() < 0.95 else None
        # A DAG may cause its own runs: that must come to an end some time.
        events = () if self.is_calm else choose_asset_events(self.random, 0.1)
        xcoms = (XComValue(key="return_value", value=b"[]", length=length),)
        return Succeeded(xcoms=xcoms, skip=skip, asset_events=events)


def choose_asset_events(random: Random, chance: float) -> tuple[AssetEventReport, ...]:
    """Return some asset events, or none."""
    names = [name for name in ("orders", "prices", "other") if random.random() < chance]
    return tuple(AssetEventReport(name=name, uri=f"s3://{name}") for name in names)

"""One term of leadership: the loop that drains events, decides, stores, carries out and sleeps."""

from __future__ import annotations

import logging
import select
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from etesian.executors.base import Executor, ToAttempts
from etesian.protocol.channels import Ask, FromWorker, Reply
from etesian.protocol.frames import FrameError
from etesian.protocol.reports import Acknowledged, AttemptUsage, Claim, Finished, Running
from etesian.protocol.requests import Done, PushXCom, Refused
from etesian.scheduler.core.events import AttemptsHeld, Event, XComPushed
from etesian.scheduler.shell.effects import Effects
from etesian.scheduler.shell.inbox import InboxReader, reads_runs
from etesian.scheduler.shell.inquiries import look_up
from etesian.scheduler.shell.leadership import Leadership
from etesian.scheduler.shell.parts import Parts
from etesian.scheduler.shell.past import load_past
from etesian.scheduler.shell.recovery import load_core
from etesian.scheduler.shell.writer import Writer
from etesian.store.answers import answer
from etesian.store.bus import Bell
from etesian.store.errors import StaleMemoryError, StoreError
from etesian.store.queries.inbox import InboxRow

logger = logging.getLogger(__name__)

#: How often an executor that has lost its workers may try to find them again.
RECONNECT_INTERVAL: Final = timedelta(milliseconds=50)
#: How long an acknowledgement may wait for another message that it can be sent with.
ACKNOWLEDGE_WITHIN: Final = timedelta(milliseconds=50)
#: What a process used is known after its task's end; it is not worth a transaction for each task.
USAGE_DELAY: Final = timedelta(milliseconds=200)


class Leader:
    """Single-threaded: everything happens between two sleeps, in the order drain, decide, commit, act."""

    def __init__(self, parts: Parts, leadership: Leadership, bell: Bell) -> None:
        self._parts = parts
        self._leadership = leadership
        self._bell = bell
        self._writer = Writer(parts, leadership)
        self._claimed_through: dict[str, str] = {}  #: name of the executor, by attempt id
        self._unacknowledged: list[str] = []
        self._acknowledge_at: datetime | None = None
        self._usage: list[AttemptUsage] = []  #: not stored yet
        self._usage_due: datetime | None = None  #: when it is stored at the latest

    def lead(self) -> None:
        """Work until the stop signal.

        Raises:
            LeadershipLostError: another scheduler took over.
        """
        parts = self._parts
        now = parts.clock.now()
        loaded = load_core(parts.store, parts.settings.core, now)
        self._core = loaded.core
        self._inbox = InboxReader(parts.store, parts.settings, self._core)
        for executor in parts.executors.values():
            executor.start()
        effects = Effects()
        effects.add(loaded.decisions)
        self._finish(effects, now)
        logger.info("scheduling %d DAGs, %d unfinished runs", loaded.dag_count, loaded.run_count)
        while not parts.stop.is_set():
            self._sleep()
            self._turn(parts.clock.now())
        self._store_last_usage(parts.clock.now())

    def _turn(self, now: datetime) -> None:
        """Do one round of the loop."""
        self._leadership.renew_if_due(now)
        effects = Effects()
        for event in self._drain_executors(effects):
            effects.add(self._core.apply(event, now))
        if self._bell.drain() or self._inbox.is_due(now):
            effects = self._apply_commands(effects, now)
        self._finish(effects, now)

    def _apply_commands(self, effects: Effects, now: datetime) -> Effects:
        for row in self._inbox.read(now):
            if reads_runs(row.command):
                # What was decided so far must be in the store before runs are read from it.
                self._finish(effects, now)
                effects = Effects()
            self._apply_command(row, effects, now)
            effects.batch.inbox_ids.append(row.id)
        return effects

    def _apply_command(self, row: InboxRow, effects: Effects, now: datetime) -> None:
        """Carry out a command. One that breaks the core is set aside, or the next term would break at it, too.

        Raises:
            StaleMemoryError: it did; nobody knows what the core remembers now.
        """
        try:
            for event in self._inbox.translate(row.command):
                effects.add(self._core.apply(event, now))
        except StoreError:
            raise
        except Exception as error:
            self._inbox.set_aside(row, error)
            raise StaleMemoryError(f"a command could not be carried out: {error}") from error

    def _finish(self, effects: Effects, now: datetime) -> None:
        """Finish a batch, and then the batches of answers to what the core asked about what it changed."""
        while True:
            self._finish_batch(effects, now)
            inquiries = effects.inquiries
            if not inquiries:
                return
            effects = Effects()
            for event in look_up(self._parts.store, inquiries):
                effects.add(self._core.apply(event, now))

    def _finish_batch(self, effects: Effects, now: datetime) -> None:
        """Let the core choose, answer its questions about the past, store everything, then act."""
        effects.add(self._core.advance(now))
        while effects.questions:
            questions, effects.questions = effects.questions, []
            for question in questions:
                effects.add(self._core.apply(load_past(self._parts.store, question), now))
            effects.add(self._core.advance(now))
        effects.batch.now = now
        self._add_usage(effects, now)
        self._writer.store(effects)
        self._act(effects)

    def _add_usage(self, effects: Effects, now: datetime) -> None:
        """Store what processes used along with something else, or alone if nothing else comes for a moment."""
        is_due = self._usage_due is not None and now >= self._usage_due
        if self._usage and (effects.writes or is_due):
            effects.batch.attempt_usage += self._usage
            effects.writes += len(self._usage)
            self._usage, self._usage_due = [], None

    def _store_last_usage(self, now: datetime) -> None:
        """Decide nothing any more, only store what is known already."""
        effects = Effects()
        effects.batch.now = self._usage_due = now
        self._add_usage(effects, now)
        self._writer.store(effects)

    def _drain_executors(self, effects: Effects) -> Iterable[Event]:
        for name, executor in self._parts.executors.items():
            for message in executor.receive():
                event = self._receive(name, executor, message, effects)
                if event is not None:
                    yield event

    def _receive(self, name: str, executor: Executor, message: FromWorker, effects: Effects) -> Event | None:
        match message:
            case Claim(attempt_id=attempt_id):
                self._claimed_through[attempt_id] = name
                return message
            case Finished():
                return message
            case Running():
                return AttemptsHeld(
                    executor=name,
                    hostname=message.hostname,
                    attempt_ids=frozenset(message.claimed + message.unclaimed),
                    is_only_worker=message.is_only_worker,
                )
            case AttemptUsage():
                self._usage.append(message)
                self._usage_due = self._usage_due or self._parts.clock.now() + USAGE_DELAY
            case Ask():
                return self._answer(executor, message)
        return None

    def _answer(self, executor: Executor, ask: Ask) -> Event | None:
        """Answer an attempt's question; return what the core must know of it."""
        request = ask.request
        found = answer(self._parts.store, request, now=self._parts.clock.now(), bus=self._parts.bus)
        reply = Reply(attempt_id=ask.attempt_id, number=ask.number, answer=found)
        try:
            executor.send([reply])
        except FrameError as error:
            reason = f"the answer to {type(request).__name__} cannot be sent: {error}"
            executor.send([msgspec.structs.replace(reply, answer=Refused(reason=reason))])
        if isinstance(request, PushXCom) and isinstance(found, Done):
            value = request.value
            return XComPushed(attempt_id=request.attempt_id, key=value.key, length=value.length)
        return None

    def _act(self, effects: Effects) -> None:
        """Carry out what was just committed."""
        executors = self._parts.executors
        for name, messages in self._answers(effects).items():
            executors[name].send(messages)
        for name, workloads in effects.dispatches.items():
            executors[name].submit(workloads)
        for (name, reason), attempt_ids in effects.stops.items():
            executors[name].stop(attempt_ids, reason)
        if effects.writes:
            self._parts.bus.ring("changes")
        if effects.batch.triggers_started or effects.batch.triggers_cancelled:
            self._parts.bus.ring("triggers")

    def _answers(self, effects: Effects) -> dict[str, list[ToAttempts]]:
        """Return what to tell each executor. Acknowledgements are told with the next answers, because each message
        wakes a worker; at the latest when they are due.
        """
        answers: dict[str, list[ToAttempts]] = {}
        for claim_answer in effects.claim_answers:
            name = self._claimed_through.pop(claim_answer.attempt_id, None)
            if name is not None:
                answers.setdefault(name, []).append(claim_answer)
        now = effects.batch.now
        if effects.acknowledged:
            self._unacknowledged += effects.acknowledged
            self._acknowledge_at = self._acknowledge_at or now + ACKNOWLEDGE_WITHIN
        if self._acknowledge_at is not None and (answers or now >= self._acknowledge_at):
            acknowledged = Acknowledged(attempt_ids=tuple(self._unacknowledged))
            for name in self._parts.executors:
                answers.setdefault(name, []).append(acknowledged)
            self._unacknowledged, self._acknowledge_at = [], None
        return answers

    def _sleep(self) -> None:
        """Wait for an event, the core's next timer, the lease or the inbox's regular look."""
        parts = self._parts
        # Built anew each time: connections come and go, and a new one may reuse an old one's number.
        poller = select.poll()
        poller.register(parts.stop, select.POLLIN)
        poller.register(self._bell, select.POLLIN)
        for executor in parts.executors.values():
            for fileno in executor.filenos():
                poller.register(fileno, select.POLLIN)
        now = parts.clock.now()
        own = (self._leadership.renew_at, self._inbox.due_at, self._usage_due, self._acknowledge_at)
        moments = (self._core.next_wake(), *own)
        due = min((moment for moment in moments if moment is not None), default=now)
        if not all(executor.is_connected for executor in parts.executors.values()):
            due = min(due, now + RECONNECT_INTERVAL)
        # The lease wakes it that often anyway; but if the clock is set back, every moment is far away.
        seconds = min(due - now, parts.settings.renew_interval).total_seconds()
        # Rounded up, so that a timer due in half a millisecond is not looked at twice.
        poller.poll(max(0.0, seconds * 1000 + 0.5))

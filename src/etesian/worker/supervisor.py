"""The worker's centre: takes orders of the scheduler, has attempts run, and reports what became of them."""

from __future__ import annotations

import logging
import os
import resource
from collections.abc import Callable
from pathlib import Path

import msgspec

from etesian.foundation.clock import Clock
from etesian.foundation.stop import StopSignal
from etesian.protocol import PROTOCOL_VERSION
from etesian.protocol.channels import Hello, Reply, ToWorker
from etesian.protocol.reports import (
    ALIVE_SECONDS,
    Acknowledged,
    Alive,
    AttemptUsage,
    Claim,
    ClaimAnswer,
    Failed,
    Finished,
    Running,
    StopAttempts,
)
from etesian.protocol.requests import Request, SetRenderedFields
from etesian.protocol.workloads import RunCallback, RunTask, Workload
from etesian.worker.attempts import Attempt, Phase
from etesian.worker.dag_hosts import DagFileError, DagHosts
from etesian.worker.death import OutOfMemoryWatch, explain_death, usage_of
from etesian.worker.ending import AttemptEnder, outcome_of_ended, outcome_of_killed
from etesian.worker.event_loop import EventLoop
from etesian.worker.journal import ReportJournal
from etesian.worker.messages import Exited, FromAttempt, LoadFailed, Mask, ProcessSettings, Ready
from etesian.worker.questions import OpenQuestions
from etesian.worker.scheduler_link import SchedulerLink
from etesian.worker.settings import WorkerSettings
from etesian.worker.workload_log import workload_log_path, write_to_log

logger = logging.getLogger(__name__)

#: How long a worker that stops waits for its last reports to be acknowledged; the journal keeps them anyway.
_ACKNOWLEDGE_SECONDS = 1.0
#: How much longer than the grace time a worker that stops waits for processes that it killed.
_KILL_SECONDS = 5.0


class Supervisor:
    """Holds the attempts of one host. Single-threaded; nothing in it waits."""

    def __init__(self, settings: WorkerSettings, process_settings: ProcessSettings, clock: Clock) -> None:
        self._settings = settings
        self._hostname = process_settings.hostname
        self._clock = clock
        self._loop = EventLoop(clock)
        self._journal = ReportJournal(settings.folder / "reports.journal")
        self._hosts = DagHosts(self._loop, settings, process_settings, self, self._on_host_request)
        self._ender = AttemptEnder(self._loop, settings.stop_grace_seconds)
        self._link = SchedulerLink(self._loop, settings.socket_path, self._greet, self._on_order)
        self._questions = OpenQuestions()
        self._attempts: dict[str, Attempt] = {}
        self._out_of_memory = OutOfMemoryWatch()
        self._takes_work = True

    # --- its life -------------------------------------------------------------------------------------------

    def run(self, stop: StopSignal) -> None:
        """Work until asked to stop; then end the attempts that run, report them, and end all processes."""
        self._loop.watch(stop.fileno(), lambda: None)
        try:
            self._hosts.start()
            _allow_many_descriptors()  # after the zygote was started: tasks keep the usual limit
            self._link.listen()
            self._say_alive()
            while not stop.is_set():
                self._turn(None)
            self._loop.forget(stop.fileno())
            self._wind_down()
        finally:
            self._link.close()
            self._hosts.close()
            self._journal.close()
            self._loop.close()

    def _say_alive(self) -> None:
        self._link.send(Alive())
        self._loop.call_later(ALIVE_SECONDS, self._say_alive)

    def _turn(self, max_seconds: float | None) -> None:
        self._loop.turn(max_seconds)
        self._link.flush()

    def _turn_until(self, is_done: Callable[[], bool], seconds: float) -> None:
        deadline = self._clock.monotonic() + seconds
        while not is_done() and (remaining := deadline - self._clock.monotonic()) > 0:
            self._turn(remaining)

    def _wind_down(self) -> None:
        self._takes_work = False
        for attempt in [attempt for attempt in self._attempts.values() if attempt.phase is not Phase.RUNNING]:
            self._drop(attempt)  # its claim, if it has one, ends with this worker's connection
        self._turn_until(lambda: not self._attempts, self._settings.drain_seconds)
        for attempt in list(self._attempts.values()):
            self._ender.stop(
                attempt, "lost", f"the worker on {self._hostname} was stopped while the task ran"
            )
        self._turn_until(lambda: not self._attempts, self._settings.stop_grace_seconds + _KILL_SECONDS)
        self._turn_until(lambda: self._journal.is_empty or not self._link.is_connected, _ACKNOWLEDGE_SECONDS)

    # --- what the scheduler says ----------------------------------------------------------------------------

    def _greet(self) -> None:
        """Tell a new scheduler all that it may have missed."""
        link = self._link
        link.send(
            Hello(
                protocol_version=PROTOCOL_VERSION,
                hostname=self._hostname,
                pid=os.getpid(),
                queues=self._settings.queues,
            )
        )
        unclaimed = [a for a in self._attempts.values() if a.phase is Phase.UNCLAIMED]
        claimed = [a.attempt_id for a in self._attempts.values() if a.phase is not Phase.UNCLAIMED]
        claimed += [report.attempt_id for report in self._journal.reports]
        link.send(
            Running(
                hostname=self._hostname,
                claimed=tuple(claimed),
                unclaimed=tuple(attempt.attempt_id for attempt in unclaimed),
            )
        )
        for attempt in unclaimed:
            self._claim(attempt)
        for message in (*self._journal.reports, *self._questions):
            link.send(message)

    def _on_order(self, message: ToWorker) -> None:
        match message:
            case RunTask() | RunCallback():
                self._take(message)
            case ClaimAnswer():
                self._on_claim_answer(message)
            case Acknowledged(attempt_ids=attempt_ids):
                self._journal.acknowledge(attempt_ids)
            case StopAttempts(attempt_ids=attempt_ids, reason=reason):
                for attempt_id in attempt_ids:
                    self._stop(attempt_id, reason)
            case Reply():
                self._on_reply(message)

    def _take(self, workload: Workload) -> None:
        """Claim an attempt and prepare a process; one that is known already was delivered twice."""
        attempt_id = workload.attempt_id
        if attempt_id in self._attempts or attempt_id in self._journal or not self._takes_work:
            return
        try:
            supply = self._hosts.supply_for(workload)
        except DagFileError as error:
            self._refuse(attempt_id, str(error))
            return
        except OSError as error:  # too many open files, or processes
            self._refuse(attempt_id, f"the worker cannot start a process: {error.strerror}")
            return
        attempt = self._attempts[attempt_id] = Attempt(workload=workload, host=supply)
        self._claim(attempt)
        supply.expect(attempt)

    def _refuse(self, attempt_id: str, reason: str) -> None:
        self._report(Finished(attempt_id=attempt_id, outcome=Failed(reason=reason, cause="not_started")))

    def _claim(self, attempt: Attempt) -> None:
        self._link.send(Claim(attempt_id=attempt.attempt_id, hostname=self._hostname, pid=os.getpid()))

    def _on_claim_answer(self, answer: ClaimAnswer) -> None:
        attempt = self._attempts.get(answer.attempt_id)
        if attempt is None or attempt.phase is not Phase.UNCLAIMED:
            return  # answered twice, because it was asked twice
        if answer.granted:
            attempt.host.run(attempt)
        else:
            logger.info("attempt %s is not started here: %s", answer.attempt_id, answer.reason or "refused")
            self._drop(attempt)

    def _stop(self, attempt_id: str, reason: str) -> None:
        attempt = self._attempts.get(attempt_id)
        if attempt is None:
            return
        if attempt.phase is Phase.RUNNING:
            self._ender.stop(attempt, "stopped", reason)
        else:
            self._finish(
                attempt, Finished(attempt_id=attempt_id, outcome=Failed(reason=reason, cause="stopped"))
            )

    def _on_reply(self, reply: Reply) -> None:
        asker, number = reply.attempt_id, reply.number
        if not self._questions.answered(asker, number):
            return
        answer = msgspec.structs.replace(reply.answer, id=number)
        attempt = self._attempts.get(asker)
        if attempt is not None:
            attempt.host.tell(attempt, answer)
        else:
            self._hosts.answer(asker, answer)

    # --- what happens to attempts (AttemptEvents) -----------------------------------------------------------

    def log_path_of(self, attempt: Attempt) -> Path:
        """Return where an attempt's log lies."""
        return workload_log_path(self._settings.logs_dir, attempt.workload)

    def attempt_started(self, attempt: Attempt) -> None:
        """Begin to measure its time."""
        workload = attempt.workload
        if isinstance(workload, RunTask) and workload.execution_timeout_seconds is not None:
            self._ender.limit(attempt, workload.execution_timeout_seconds)

    def attempt_said(self, attempt: Attempt, message: FromAttempt | None) -> None:
        """Pass a request on, or take the report."""
        match message:
            case Finished(attempt_id=attempt.attempt_id):
                outcome = outcome_of_ended(attempt, message.outcome)
                self._finish(attempt, msgspec.structs.replace(message, outcome=outcome))
            case Mask(values=values):
                attempt.mask.add(values)
            case SetRenderedFields(fields=fields):
                attempt.rendered_fields = fields
            case None | Finished() | Ready():
                self._ender.kill(
                    attempt, "killed", "its process sent something that is no message of an attempt"
                )
            case _:
                self._link.send(self._questions.add(attempt.attempt_id, message))

    def attempt_exited(self, attempt: Attempt, exited: Exited | None, how: str) -> None:
        """Tell what the process used; if it has not reported, its end is the outcome."""
        usage = None if exited is None else usage_of(exited)
        if self._attempts.get(attempt.attempt_id) is not attempt:
            if usage is not None:
                self._link.send(AttemptUsage(attempt_id=attempt.attempt_id, usage=usage))
            return
        outcome = outcome_of_killed(attempt) or self._explain(exited, how)
        self._write_end(attempt, outcome)
        self._finish(attempt, Finished(attempt_id=attempt.attempt_id, outcome=outcome, usage=usage))

    def _explain(self, exited: Exited | None, how: str) -> Failed:
        if exited is None:
            reason = f"the process that hosts its DAG file ended, and the task with it: {how}"
            return Failed(reason=reason, cause="killed")
        return explain_death(exited, was_out_of_memory=self._out_of_memory.has_killed())

    def attempt_not_started(self, attempt: Attempt, failure: LoadFailed) -> None:
        """Report why, with the traceback in the attempt's log."""
        outcome = Failed(reason=failure.reason, cause="not_started")
        self._write_end(attempt, outcome, failure.traceback or None)
        self._finish(attempt, Finished(attempt_id=attempt.attempt_id, outcome=outcome))

    def _write_end(self, attempt: Attempt, outcome: Failed, traceback: str | None = None) -> None:
        write_to_log(self.log_path_of(attempt), outcome.reason, level="error", error=traceback)

    def _finish(self, attempt: Attempt, report: Finished) -> None:
        self._drop(attempt)
        if report.ended_at is None:
            report = msgspec.structs.replace(report, ended_at=self._clock.now())
        if report.rendered_fields is None and attempt.rendered_fields is not None:
            report = msgspec.structs.replace(report, rendered_fields=attempt.rendered_fields)
        self._report(report)

    def _report(self, report: Finished) -> None:
        self._journal.add(report)
        self._link.send(report)

    def _drop(self, attempt: Attempt) -> None:
        del self._attempts[attempt.attempt_id]
        self._questions.forget(attempt.attempt_id)
        if attempt.timer is not None:
            attempt.timer.cancel()
        attempt.host.forget(attempt)

    def _on_host_request(self, asker: str, request: Request) -> None:
        self._link.send(self._questions.add(asker, request))


def _allow_many_descriptors() -> None:
    """Raise the limit of open files as far as it goes: each attempt needs two."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

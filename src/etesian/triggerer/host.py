"""The triggerer's own process: it has the store, and lets another process, which has not, await the triggers."""

from __future__ import annotations

import logging
import select
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import Final, Protocol

from etesian.foundation.clock import Clock
from etesian.foundation.errors import EtesianError
from etesian.foundation.stop import StopSignal
from etesian.protocol.frames import FrameError
from etesian.protocol.requests import Answer, Request
from etesian.protocol.stream import MessageStream
from etesian.triggerer.messages import (
    AskPlatform,
    CannotServe,
    EndAwaiting,
    FromAwaiter,
    LoadedTriggers,
    LoadTriggers,
    PlatformAnswered,
    Stored,
    StoreResults,
    WaitingChanged,
)
from etesian.triggerer.source import TriggerSource

_log = logging.getLogger(__name__)

#: How often to look for triggers whose bell was missed, and to say that this process lives.
REFRESH_SECONDS: Final = 1.0
#: A process that has nothing to await any more is kept for so long: starting another one takes a moment.
IDLE_SECONDS: Final = 60.0
#: Before a process is started again that ended by itself; doubled up to the second while it lives no longer.
RESTART_SECONDS: Final = (0.1, 10.0)
#: How long a process may take to end when it is told to.
END_SECONDS: Final = 15.0


class Awaiter(Protocol):
    """The process that awaits triggers."""

    @property
    def stream(self) -> MessageStream[FromAwaiter]:
        """What it says, and how to tell it something."""
        ...

    def end(self) -> None:
        """Have it gone when this returns; it is killed if need be."""
        ...


class TriggerHost:
    """Keeps a process that awaits triggers while there are any, and serves it.

    Whatever an author's trigger does to that process, the store's password is not in it, and this process goes on
    saying that it lives; a process that ends is started again with all its triggers.
    """

    def __init__(
        self,
        source: TriggerSource,
        answer: Callable[[Request], Answer],
        start_awaiter: Callable[[], Awaiter],
        clock: Clock,
        *,
        idle_seconds: float = IDLE_SECONDS,
        refresh_seconds: float = REFRESH_SECONDS,
    ) -> None:
        self._source = source
        self._answer = answer
        self._start_awaiter = start_awaiter
        self._clock = clock
        self._idle_seconds = idle_seconds
        self._refresh_seconds = refresh_seconds
        self._awaiter: Awaiter | None = None
        self._told: frozenset[str] = frozenset()  #: what the process knows to be waiting
        self._refresh_at = 0.0
        self._started_at = 0.0
        self._start_at = 0.0  #: not before then is a process started
        self._restart_delay = RESTART_SECONDS[0]
        self._needed_at = 0.0  #: when there was something to await last

    def run(self, stop: StopSignal) -> None:
        """Work until told to stop."""
        try:
            while not stop.is_set():
                self._sleep(stop)
                self._refresh_if_due()
                self._serve()
        finally:
            self._end_awaiter()

    # --- what there is to await ------------------------------------------------------------------------------

    def _refresh_if_due(self) -> None:
        now = self._clock.monotonic()
        is_rung = bool(select.select([self._source.fileno()], [], [], 0)[0])
        if not is_rung and now < self._refresh_at:
            return
        self._refresh_at = now + self._refresh_seconds
        try:
            waiting = self._source.waiting_ids()
        except EtesianError as error:
            _log.warning("Triggers cannot be loaded; trying again: %s", error)
            return
        except Exception:
            _log.warning("Triggers cannot be loaded; trying again", exc_info=True)
            return
        self._follow(waiting, now)

    def _follow(self, waiting: AbstractSet[str], now: float) -> None:
        """Have a process if there is something to await, and tell it what."""
        if waiting:
            self._needed_at = now
        elif self._awaiter is not None and now - self._needed_at >= self._idle_seconds:
            self._end_awaiter()
        if waiting and self._awaiter is None and now >= self._start_at:
            self._awaiter, self._told, self._started_at = self._start_awaiter(), frozenset(), now
        if self._awaiter is not None and waiting != self._told:
            added, removed = tuple(waiting - self._told), tuple(self._told - waiting)
            self._awaiter.stream.send(WaitingChanged(added=added, removed=removed))
            self._told = frozenset(waiting)

    # --- what the process asks -------------------------------------------------------------------------------

    def _serve(self) -> None:
        if self._awaiter is None:
            return
        stream = self._awaiter.stream
        stream.flush()
        try:
            for message in stream.receive():
                self._reply(stream, message)
        except FrameError as error:
            _log.error("The process that awaits triggers does not speak our language: %s", error)
            self._lose_awaiter()
            return
        if stream.is_at_end:
            self._lose_awaiter()

    def _reply(self, stream: MessageStream[FromAwaiter], message: FromAwaiter) -> None:
        number = message.number
        try:
            match message:
                case LoadTriggers(trigger_ids=trigger_ids):
                    stream.send(LoadedTriggers(number=number, rows=tuple(self._source.load(trigger_ids))))
                case StoreResults(results=results):
                    self._source.fired(results)
                    stream.send(Stored(number=number))
                case AskPlatform(request=request):
                    stream.send(PlatformAnswered(number=number, answer=self._answer(request)))
        except Exception as error:  # the store's; the process asks again
            _log.warning("A question of the process that awaits triggers failed", exc_info=True)
            stream.send(CannotServe(number=number, reason=f"{type(error).__name__}: {error}"))

    # --- its life --------------------------------------------------------------------------------------------

    def _lose_awaiter(self) -> None:
        """It ended by itself: have another one soon, later each time if they do not live long."""
        now = self._clock.monotonic()
        shortest, longest = RESTART_SECONDS
        if now - self._started_at > longest:
            self._restart_delay = shortest
        self._start_at, self._refresh_at = now + self._restart_delay, now + self._restart_delay
        _log.warning(
            "The process that awaits triggers has ended; another one is started in %.1f s",
            self._restart_delay,
        )
        self._restart_delay = min(self._restart_delay * 2, longest)
        if self._awaiter is not None:
            self._awaiter.end()
        self._awaiter = None

    def _end_awaiter(self) -> None:
        """Tell it to end, and serve it until it has: it stores what its triggers came to."""
        awaiter = self._awaiter
        if awaiter is None:
            return
        awaiter.stream.send(EndAwaiting())
        deadline = self._clock.monotonic() + END_SECONDS
        stream = awaiter.stream
        while not stream.is_at_end and (left := deadline - self._clock.monotonic()) > 0:
            select.select([stream], [stream] if stream.has_unsent else [], [], left)
            stream.flush()
            for message in stream.receive():
                self._reply(stream, message)
        awaiter.end()
        self._awaiter = None

    def _sleep(self, stop: StopSignal) -> None:
        streams = [] if self._awaiter is None else [self._awaiter.stream]
        readers = [stop.fileno(), self._source.fileno(), *(stream.fileno() for stream in streams)]
        writers = [stream.fileno() for stream in streams if stream.has_unsent]
        select.select(readers, writers, [], max(0.0, self._refresh_at - self._clock.monotonic()))

"""Sleeps until a descriptor is ready or a timer is due, and calls who waits for it. One thread, no
coroutines.
"""

from __future__ import annotations

import heapq
import logging
import selectors
from collections.abc import Callable
from itertools import count
from typing import Any, Final

import msgspec

from etesian.foundation.clock import Clock
from etesian.protocol.stream import MessageStream
from etesian.worker.packets import PacketSocket

logger = logging.getLogger(__name__)

Callback = Callable[[], None]
Stream = MessageStream[Any]  # Any: the loop sends, it does not read
Channel = Stream | PacketSocket[Any]

#: Cancelled timers stay in the heap until they are due; more than this, and more than half of it, and it is
#: cleaned.
_MAX_CANCELLED: Final = 1000


class Timer:
    """A callback that is due at some moment, once."""

    __slots__ = ("_loop", "callback")

    def __init__(self, loop: EventLoop, callback: Callback) -> None:
        self._loop = loop
        self.callback: Callback | None = callback

    def cancel(self) -> None:
        """Do not call; harmless if it was called already."""
        if self.callback is not None:
            self.callback = None
            self._loop.note_cancelled()


class _Watch:
    __slots__ = ("on_readable", "on_writable")

    def __init__(self, on_readable: Callback | None) -> None:
        self.on_readable = on_readable
        self.on_writable: Callback | None = None


class EventLoop:
    """The supervisor's only place to wait."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._selector = selectors.DefaultSelector()
        self._watches: dict[int, _Watch] = {}
        self._timers: list[tuple[float, int, Timer]] = []
        self._order = count()  # timers of the same moment fire in the order they were made
        self._cancelled = 0

    def watch(self, fileno: int, on_readable: Callback) -> None:
        """Call ``on_readable`` whenever there is something to read, until ``forget``."""
        watch = self._watches[fileno] = _Watch(on_readable)
        self._selector.register(fileno, selectors.EVENT_READ, watch)

    def forget(self, fileno: int) -> None:
        """Watch this descriptor no longer; call it before closing. One that is not watched is ignored."""
        watch = self._watches.pop(fileno, None)
        if watch is not None:
            watch.on_readable = watch.on_writable = None  # events of this turn are already collected
            self._selector.unregister(fileno)

    def send(self, stream: Stream, message: msgspec.Struct) -> None:
        """Send on a watched stream; what its socket does not take now is sent when it can."""
        stream.send(message)
        self.flush(stream)

    def flush(self, stream: Channel) -> None:
        """Send what waits in a stream or packet socket, and go on with it when its socket is writable."""
        stream.flush()
        fileno = stream.fileno()
        watch = self._watches.get(fileno)
        if watch is None or stream.has_unsent == (watch.on_writable is not None):
            return
        if stream.has_unsent:
            watch.on_writable = lambda: self.flush(stream)
            self._selector.modify(fileno, selectors.EVENT_READ | selectors.EVENT_WRITE, watch)
        else:
            watch.on_writable = None
            self._selector.modify(fileno, selectors.EVENT_READ, watch)

    def call_later(self, seconds: float, callback: Callback) -> Timer:
        """Call ``callback`` once, not before ``seconds`` have passed."""
        timer = Timer(self, callback)
        heapq.heappush(self._timers, (self.clock.monotonic() + seconds, next(self._order), timer))
        return timer

    def note_cancelled(self) -> None:
        """Called by a timer; keeps cancelled ones from filling the memory."""
        self._cancelled += 1
        if self._cancelled > _MAX_CANCELLED and self._cancelled * 2 > len(self._timers):
            self._timers = [entry for entry in self._timers if entry[2].callback is not None]
            heapq.heapify(self._timers)
            self._cancelled = 0

    def turn(self, max_seconds: float | None = None) -> None:
        """Sleep until something happens, at most ``max_seconds``, and call everyone concerned."""
        for key, events in self._selector.select(self._seconds_to_sleep(max_seconds)):
            watch: _Watch = key.data
            if events & selectors.EVENT_WRITE and watch.on_writable is not None:
                self._call(watch.on_writable)
            if events & selectors.EVENT_READ and watch.on_readable is not None:
                self._call(watch.on_readable)
        if self._timers:
            self._call_due_timers()

    def close(self) -> None:
        """Watch nothing any more."""
        self._selector.close()

    def _seconds_to_sleep(self, max_seconds: float | None) -> float | None:
        if not self._timers:
            return max_seconds
        seconds = max(0.0, self._timers[0][0] - self.clock.monotonic())
        return seconds if max_seconds is None else min(seconds, max_seconds)

    def _call_due_timers(self) -> None:
        now = self.clock.monotonic()
        while self._timers and self._timers[0][0] <= now:
            timer = heapq.heappop(self._timers)[2]
            callback, timer.callback = timer.callback, None
            if callback is None:
                self._cancelled = max(0, self._cancelled - 1)
            else:
                self._call(callback)

    def _call(self, callback: Callback) -> None:
        try:
            callback()
        except Exception:  # one attempt's trouble must not end the attempts of others
            logger.exception("an event of the worker could not be handled")

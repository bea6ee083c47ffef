from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from functools import partial

import pytest

from etesian.foundation.clock import SystemClock
from etesian.protocol.reports import Acknowledged, Claim
from etesian.protocol.stream import MessageStream
from etesian.worker.event_loop import EventLoop


class MovableClock(SystemClock):
    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def loop(clock: MovableClock) -> Iterator[EventLoop]:
    loop = EventLoop(clock)
    yield loop
    loop.close()


def test_timers_are_called_once_when_due_and_in_their_order(loop: EventLoop, clock: MovableClock) -> None:
    called: list[str] = []
    for name, seconds in (("late", 2.0), ("first", 1.0), ("second", 1.0)):
        loop.call_later(seconds, partial(called.append, name))
    loop.turn(0)
    assert called == []
    clock.seconds = 1.0
    loop.turn(0)
    assert called == ["first", "second"]
    clock.seconds = 5.0
    loop.turn(0)
    loop.turn(0)
    assert called == ["first", "second", "late"]


def test_a_cancelled_timer_is_not_called(loop: EventLoop, clock: MovableClock) -> None:
    called: list[int] = []
    timers = [loop.call_later(1.0, partial(called.append, number)) for number in range(5000)]
    for timer in timers[1:]:
        timer.cancel()
        timer.cancel()
    clock.seconds = 2.0
    loop.turn(0)
    assert called == [0]


def test_what_fails_does_not_stop_others(
    loop: EventLoop, clock: MovableClock, caplog: pytest.LogCaptureFixture
) -> None:
    called: list[str] = []

    def fail() -> None:
        raise ValueError("broken")

    loop.call_later(1.0, fail)
    loop.call_later(1.0, partial(called.append, "after"))
    clock.seconds = 1.0
    loop.turn(0)
    assert called == ["after"]
    assert "broken" in caplog.text


def test_a_descriptor_that_was_forgotten_in_the_same_turn_is_not_called(loop: EventLoop) -> None:
    pipes = [os.pipe(), os.pipe()]
    called: list[int] = []

    def on_readable(reading: int) -> None:
        called.append(reading)
        for other, _ in pipes:
            loop.forget(other)

    for reading, writing in pipes:
        loop.watch(reading, partial(on_readable, reading))
        os.write(writing, b"x")
    loop.turn(0)
    assert len(called) == 1
    for pipe in pipes:
        for descriptor in pipe:
            os.close(descriptor)


def test_a_message_that_does_not_fit_is_sent_piece_by_piece(loop: EventLoop) -> None:
    ours, theirs = socket.socketpair()
    stream: MessageStream[Claim] = MessageStream(ours, Claim)
    other: MessageStream[Acknowledged] = MessageStream(theirs, Acknowledged)
    loop.watch(stream.fileno(), lambda: None)
    message = Acknowledged(attempt_ids=("x" * 3_000_000,))
    loop.send(stream, message)
    assert stream.unsent_bytes > 0
    received: list[Acknowledged] = []
    for _ in range(1000):
        received += other.receive()
        if received:
            break
        loop.turn(0.01)
    assert received == [message]
    assert stream.unsent_bytes == 0
    loop.forget(stream.fileno())
    stream.close()
    other.close()

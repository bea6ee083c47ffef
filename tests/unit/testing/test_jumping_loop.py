from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

from etesian.testing.clock import FakeClock
from etesian.testing.jumping_loop import JumpingLoop


class EndingWorker(threading.Thread):
    """A worker of anyio's that was told to stop: it is not idle, and wakes nobody when it ends."""

    idle_workers: tuple[threading.Thread, ...] = ()

    def run(self) -> None:
        time.sleep(0.2)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock("2030-01-01")


@pytest.fixture
def loop(clock: FakeClock) -> Iterator[JumpingLoop]:
    loop = JumpingLoop(clock)
    yield loop
    loop.close()


def test_sleeping_takes_no_time(clock: FakeClock, loop: JumpingLoop) -> None:
    loop.run_until_complete(asyncio.sleep(3600))
    assert clock.monotonic() == pytest.approx(3600, abs=1)


def test_a_thread_that_ends_without_a_word_is_waited_for_no_longer_than_it_lives(
    clock: FakeClock, loop: JumpingLoop
) -> None:
    worker = EndingWorker(daemon=True)
    worker.start()
    began = time.monotonic()
    loop.run_until_complete(asyncio.sleep(3600))
    assert time.monotonic() - began < 60
    assert not worker.is_alive()
    assert clock.monotonic() == pytest.approx(3600, abs=1)

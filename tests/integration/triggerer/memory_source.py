"""A trigger source in memory, and triggers that behave well and badly."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Any

from etesian.foundation.clock import SystemClock
from etesian.protocol.frames import encode_frame
from etesian.sdk.trigger import BaseEventTrigger, BaseTrigger, TriggerEvent
from etesian.sdk.xcoms.xcom import deserialize, serialize
from etesian.triggerer.messages import StoreResults
from etesian.triggerer.source import FiredTrigger, TriggerRow

#: What triggers did, in order: (what, name).
HISTORY: list[tuple[str, str]] = []
#: What triggers that block wait for, by name; the test opens them.
GATES: defaultdict[str, Event] = defaultdict(Event)
#: Should a test fail, its threads end all the same.
LONGEST_BLOCK = 60.0


@dataclass
class MemorySource:
    """Holds rows, and keeps what fired. Rows that fired are deleted, as a scheduler does."""

    rows: dict[str, TriggerRow] = field(default_factory=dict)
    results: list[FiredTrigger] = field(default_factory=list)
    elsewhere: set[str] = field(default_factory=set)  #: rows that another triggerer awaits
    failures: int = 0  #: how many calls of ``fired`` fail
    is_deleting: bool = True

    def __post_init__(self) -> None:
        self._read, self._write = socket.socketpair()
        self._read.setblocking(False)
        self._lock = Lock()

    def close(self) -> None:
        """Give the sockets back."""
        self._read.close()
        self._write.close()

    def add(self, trigger: type[BaseTrigger], trigger_id: str, /, **kwargs: Any) -> None:
        """Add a trigger and ring the bell."""
        self.add_row(
            TriggerRow(
                trigger_id=trigger_id,
                trigger_class=f"{trigger.__module__}.{trigger.__qualname__}",
                trigger_kwargs=serialize(kwargs),
                label=f"dag.{trigger_id}@run",
            )
        )

    def add_row(self, row: TriggerRow) -> None:
        """Add a row and ring the bell."""
        with self._lock:
            self.rows[row.trigger_id] = row
        self._write.send(b"x")

    def remove(self, trigger_id: str) -> None:
        """Delete a row, as when its task is stopped, and ring the bell."""
        with self._lock:
            del self.rows[trigger_id]
        self._write.send(b"x")

    def fileno(self) -> int:
        return self._read.fileno()

    def waiting_ids(self) -> set[str]:
        try:
            self._read.recv(65536)
        except BlockingIOError:
            pass
        with self._lock:
            return set(self.rows) - self.elsewhere

    def load(self, trigger_ids: Collection[str]) -> Sequence[TriggerRow]:
        with self._lock:
            return [self.rows[trigger_id] for trigger_id in trigger_ids if trigger_id in self.rows]

    def fired(self, results: Sequence[FiredTrigger]) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError("the store does not answer")
        encode_frame(StoreResults(number=1, results=tuple(results)))  # as it travels from process to process
        with self._lock:
            self.results += results
            for result in results if self.is_deleting else ():
                row = self.rows.get(result.trigger_id)
                if row is not None and not row.is_watcher:
                    del self.rows[result.trigger_id]

    def events(self) -> dict[str, Any]:
        """Return payloads by trigger id; of errors the text."""
        return {
            result.trigger_id: deserialize(result.event)
            if result.event is not None
            else f"error: {result.error}"
            for result in self.results
        }


def wait_until(holds: Callable[[], Any], seconds: float = 10.0) -> None:
    """Wait for a condition, for a bounded time."""
    clock = SystemClock()
    deadline = clock.monotonic() + seconds
    while not holds():
        assert clock.monotonic() < deadline, "the condition did not hold in time"
        time.sleep(0.005)


class Named(BaseTrigger):
    """Base of the triggers here: each has a name for the history."""

    def __init__(self, name: str = "", **kwargs: Any) -> None:
        super().__init__()
        self.name = name
        self.kwargs = kwargs

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{type(self).__module__}.{type(self).__qualname__}", {"name": self.name, **self.kwargs}

    async def cleanup(self) -> None:
        HISTORY.append(("cleanup", self.name))

    async def on_kill(self) -> None:
        HISTORY.append(("kill", self.name))

    def run(self) -> AsyncIterator[TriggerEvent]:
        raise NotImplementedError


class After(Named):
    """Fires after some seconds."""

    async def run(self) -> AsyncIterator[TriggerEvent]:
        HISTORY.append(("start", self.name))
        await asyncio.sleep(self.kwargs.get("seconds", 0))
        yield TriggerEvent({"name": self.name})
        yield TriggerEvent("a second event that nobody waits for")


def block(name: str) -> None:
    """Keep the thread until the gate opens."""
    ends_at = SystemClock().monotonic() + LONGEST_BLOCK
    while not GATES[name].is_set() and SystemClock().monotonic() < ends_at:
        time.sleep(0.01)


class Blocks(Named):
    """Waits for its gate without ``await``, then fires."""

    async def run(self) -> AsyncIterator[TriggerEvent]:
        HISTORY.append(("start", self.name))
        await asyncio.sleep(0)
        block(self.name)
        yield TriggerEvent("done blocking")


class BlocksInChildTask(Named):
    """Blocks in a task that it started."""

    async def run(self) -> AsyncIterator[TriggerEvent]:
        async def work() -> None:
            block(self.name)

        await asyncio.create_task(work())
        yield TriggerEvent("done blocking")


class Busy(Named):
    """Keeps the loop busy with many short steps."""

    async def run(self) -> AsyncIterator[TriggerEvent]:
        for _ in range(self.kwargs["steps"]):
            time.sleep(0.02)
            await asyncio.sleep(0)
        yield TriggerEvent("done")


class Fails(Named):
    """Raises."""

    async def run(self) -> AsyncIterator[TriggerEvent]:
        raise RuntimeError("no such queue")
        yield TriggerEvent()


class Exits(Named):
    """Ends its process, as it thinks."""

    async def run(self) -> AsyncIterator[TriggerEvent]:
        sys.exit("no such queue")
        yield TriggerEvent()


class FailsWithOddName(Named):
    """Raises with the name of a file that is not UTF-8."""

    async def run(self) -> AsyncIterator[TriggerEvent]:
        raise FileNotFoundError("caf\udce9")
        yield TriggerEvent()


class Ends(Named):
    """Ends without an event."""

    async def run(self) -> AsyncIterator[TriggerEvent]:
        for event in ():
            yield event


class NotJson(Named):
    """Fires with something that cannot be stored."""

    async def run(self) -> AsyncIterator[TriggerEvent]:
        yield TriggerEvent(object())


class RefusesArguments(Named):
    """Cannot be made."""

    def __init__(self, **kwargs: Any) -> None:
        raise ValueError("a queue is needed")


class Watch(BaseEventTrigger):
    """Fires three times, then fails."""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{Watch.__module__}.{Watch.__qualname__}", {}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        for number in range(3):
            yield TriggerEvent(number)
        raise RuntimeError("the queue went away")

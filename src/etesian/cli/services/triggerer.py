"""The triggerer service."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import Final

import msgspec

from etesian.cli.services import wiring
from etesian.cli.services.folders import bundle_folders
from etesian.cli.services.store_platform import StorePlatform
from etesian.cli.services.trigger_source import StoreTriggerSource
from etesian.config.environment import without_secrets
from etesian.config.settings import Settings
from etesian.foundation.clock import SystemClock
from etesian.foundation.stop import StopSignal
from etesian.protocol.stream import MessageStream
from etesian.store import Store
from etesian.store.bus import open_bus
from etesian.triggerer.host import TriggerHost
from etesian.triggerer.messages import AwaiterSettings, FromAwaiter

#: How long a process may take to end that has closed its socket, or whose socket was closed.
_END_SECONDS: Final = 5.0


class AwaiterProcess:
    """A fresh interpreter that awaits triggers, without the store's password in its memory or environment."""

    def __init__(self, settings: AwaiterSettings) -> None:
        own_end, its_end = socket.socketpair()
        told = (str(its_end.fileno()), str(os.getpid()), msgspec.json.encode(settings).decode())
        with its_end:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "etesian.cli.services.trigger_awaiter", *told],
                pass_fds=(its_end.fileno(),),
                stdin=subprocess.DEVNULL,
                env=without_secrets(os.environ),
                process_group=0,
            )
        self.stream: MessageStream[FromAwaiter] = MessageStream(own_end, FromAwaiter)

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def end(self) -> None:
        """Close the socket, which ends it, and wait; kill it if it takes too long."""
        self.stream.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def run(settings: Settings, store: Store | None = None) -> None:
    """Await triggers until SIGTERM or SIGINT. ``store``: one that is open already."""
    wiring.start_logging(settings, "triggerer")
    stop = StopSignal()
    stop.set_on_signals()
    store, clock = store or wiring.open_platform_store(settings), SystemClock()
    bus = open_bus(store)
    capacity = settings.triggerer.capacity
    source = StoreTriggerSource(store, bus, clock, capacity)
    told = AwaiterSettings(
        capacity=capacity,
        path=tuple(str(folder) for name, folder in bundle_folders(settings).items() if name != "examples"),
        log_level=settings.logging.level,
        log_format=settings.logging.format,
    )
    platform = StorePlatform(store, bus, clock)
    try:
        TriggerHost(source, platform.ask, lambda: AwaiterProcess(told), clock).run(stop)
    finally:
        source.close()
        bus.close()
        store.dispose()

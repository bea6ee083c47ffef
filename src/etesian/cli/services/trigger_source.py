"""The triggerer's view of the store: the triggers that are its own, and the inbox for what they came to."""

from __future__ import annotations

import os
import socket
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from threading import Lock
from typing import Any

import msgspec

from etesian.foundation.clock import Clock
from etesian.protocol.commands import AssetsChanged, Command, TriggerFired
from etesian.protocol.reports import AssetEventReport
from etesian.sdk.xcoms.xcom import present
from etesian.spec.asset import WatcherSpec
from etesian.store import Store
from etesian.store.bus import Bus
from etesian.store.queries import heartbeats, inbox, triggers, versions
from etesian.triggerer.source import FiredTrigger, TriggerRow

KIND = "triggerer"


class StoreTriggerSource:
    """A ``TriggerSource``: takes its share of the triggers, and those of triggerers that have gone.

    Of all triggerers that are alive, the one whose name sorts first awaits the asset watchers.
    """

    def __init__(self, store: Store, bus: Bus, clock: Clock, capacity: int) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._capacity = capacity
        self._bell = bus.listen(["triggers"])
        self._place = (socket.gethostname(), os.getpid())
        self._name = _name(*self._place)
        self._beat_at: datetime | None = None
        self._is_first = False  #: of all triggerers: it awaits the watchers
        self._watchers: dict[str, WatcherSpec] = {}
        self._watchers_lock = Lock()

    def close(self) -> None:
        """Stop listening, and let others take the triggers over at once."""
        self._bell.close()
        with self._store.write() as connection:
            heartbeats.delete_heartbeat(connection, KIND, *self._place)
            triggers.free_triggers(connection, self._alive(connection))

    def fileno(self) -> int:
        """Return the bell's descriptor."""
        return self._bell.fileno()

    def waiting_ids(self) -> set[str]:
        """Return the ids of the triggers and watchers that are this process's own, after taking its share."""
        self._bell.drain()
        self._beat()
        with self._store.read() as connection:
            owners = triggers.load_owners(connection)
            watchers = versions.load_watchers(connection) if self._is_first else []
        with self._watchers_lock:
            self._watchers = {_watcher_id(watcher): watcher for watcher in watchers}
        mine = {trigger_id for trigger_id, owner in owners.items() if owner == self._name}
        room = self._capacity - len(mine)
        if room > 0 and None in owners.values():
            with self._store.write() as connection:
                triggers.assign_triggers(connection, self._name, limit=room)
                owners = triggers.load_owners(connection)
            mine = {trigger_id for trigger_id, owner in owners.items() if owner == self._name}
        with self._watchers_lock:
            return mine | self._watchers.keys()

    def load(self, trigger_ids: Collection[str]) -> Sequence[TriggerRow]:
        """Return triggers and watchers by id."""
        with self._watchers_lock:
            found = [_watcher_row(key, self._watchers[key]) for key in trigger_ids if key in self._watchers]
        with self._store.read() as connection:
            records = triggers.load_triggers_by_id(connection, trigger_ids)
        return [*found, *map(_trigger_row, records)]

    def fired(self, results: Sequence[FiredTrigger]) -> None:
        """Put the events into the inbox, and forget their triggers, in one transaction."""
        with self._store.write() as connection:
            inbox.append(connection, *self._commands(results), now=self._clock.now())
            triggers.delete_triggers(connection, [result.trigger_id for result in results])
        self._bus.ring("inbox")

    def _commands(self, results: Sequence[FiredTrigger]) -> Iterator[Command]:
        for result in results:
            with self._watchers_lock:
                watcher = self._watchers.get(result.trigger_id)
            if watcher is None:
                yield TriggerFired(trigger_id=result.trigger_id, event=result.event, error=result.error)
            elif result.event is not None:
                yield AssetsChanged(events=(_asset_event(watcher, result.event),), source="watcher")

    def _beat(self) -> None:
        """Say that this process lives, and take triggers back from those that do not."""
        now = self._clock.now()
        if self._beat_at is not None and now - self._beat_at < heartbeats.BEAT_INTERVAL:
            return
        with self._store.write() as connection:
            heartbeats.save_heartbeat(connection, KIND, *self._place, now)
            alive = self._alive(connection)
            triggers.free_triggers(connection, alive)
        self._is_first = min(alive) == self._name
        self._beat_at = now

    def _alive(self, connection: Any) -> list[str]:  # Any: a connection of the store
        oldest = self._clock.now() - heartbeats.FRESH_FOR
        fresh = [beat for beat in heartbeats.load_heartbeats(connection) if beat.beat_at >= oldest]
        return [
            _name(beat.hostname, beat.pid)
            for beat in fresh
            if beat.kind == KIND and (beat.hostname != self._place[0] or _is_running(beat.pid))
        ]


def _is_running(pid: int) -> bool:
    """Return whether a process of this host is there: one that was killed need not be waited for."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _name(hostname: str, pid: int) -> str:
    return f"{hostname}:{pid}"


def _trigger_row(record: triggers.TriggerRecord) -> TriggerRow:
    return TriggerRow(
        trigger_id=record.trigger_id,
        trigger_class=record.trigger_class,
        trigger_kwargs=record.trigger_kwargs,
        label=str(record.key),
    )


def _watcher_id(watcher: WatcherSpec) -> str:
    """Return an id that stays the same until the watcher changes."""
    return f"watcher:{sha256(msgspec.json.encode(watcher)).hexdigest()[:24]}"


def _watcher_row(trigger_id: str, watcher: WatcherSpec) -> TriggerRow:
    return TriggerRow(
        trigger_id=trigger_id,
        trigger_class=watcher.trigger_class,
        trigger_kwargs=msgspec.json.encode(watcher.trigger_kwargs),
        label=f"{watcher.name} of asset {watcher.asset.name}",
        is_watcher=True,
    )


def _asset_event(watcher: WatcherSpec, event: bytes) -> AssetEventReport:
    extra = {"from_trigger": True, "payload": present(event)}
    return AssetEventReport(name=watcher.asset.name, uri=watcher.asset.uri, extra=extra)

"""Asking the leading scheduler to do something, and waiting until it is done."""

from __future__ import annotations

import select
from contextlib import closing
from typing import Final

from etesian.foundation.clock import Clock
from etesian.protocol.commands import Command
from etesian.store.audit_trail import Actor, note_command
from etesian.store.bus import Bell, Bus
from etesian.store.database import Store
from etesian.store.queries import inbox

#: How long a caller waits for the scheduler before it is told that the command waits.
PATIENCE_SECONDS: Final = 2.0
#: A missed ring costs this much.
_LOOK_AGAIN_SECONDS: Final = 0.2


def send_commands(
    store: Store,
    bus: Bus,
    *commands: Command,
    clock: Clock,
    actor: Actor | None = None,
    patience_seconds: float = PATIENCE_SECONDS,
) -> bool:
    """Append commands in one transaction, ring, and wait until the leader has stored their effects.

    What an ``actor`` asks for is noted in the audit log.

    Returns:
        Whether the effects are stored. When not, the commands wait for a scheduler; they are not lost.
    """
    with closing(bus.listen(("changes",))) as bell:
        with store.write() as connection:
            inbox.append(connection, *commands, now=clock.now())
            if actor is not None:
                for command in commands:
                    note_command(connection, actor, command, now=clock.now())
            last = inbox.newest_id(connection)
        bus.ring("inbox")
        return _wait_until_done(store, bell, last, clock, patience_seconds)


def _wait_until_done(store: Store, bell: Bell, last: int, clock: Clock, patience_seconds: float) -> bool:
    deadline = clock.monotonic() + patience_seconds
    while True:
        with store.read() as connection:
            if not inbox.has_rows_up_to(connection, last):
                return True
        remaining = deadline - clock.monotonic()
        if remaining <= 0:
            return False
        select.select([bell], [], [], min(remaining, _LOOK_AGAIN_SECONDS))
        bell.drain()

"""What routes work with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from sqlalchemy import Connection

from etesian.config import Settings
from etesian.foundation.clock import Clock
from etesian.protocol.commands import Command
from etesian.store import Store
from etesian.store.audit_trail import Actor, note
from etesian.store.bus import Bus
from etesian.store.steering import send_commands

#: Who changes something through the API. Nobody logs in yet, so nobody has a name.
CALLER: Final = Actor(user=None, source="rest_api")
#: The status of a change that waits for a scheduler.
ACCEPTED: Final = 202


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiContext:
    """The parts that the composition root gave to the API."""

    settings: Settings
    store: Store
    bus: Bus
    clock: Clock
    bundles: Mapping[str, Path]  #: by name, the folders that files of DAGs are relative to

    def ring(self) -> None:
        """Wake the scheduler, which has a new command, and tell those who watch."""
        self.bus.ring("inbox")
        self.bus.ring("changes")

    def steer(self, *commands: Command) -> bool:
        """Have the scheduler carry out commands; False when it has not done so within two seconds."""
        return send_commands(self.store, self.bus, *commands, clock=self.clock, actor=CALLER)

    def note(self, connection: Connection, action: str, **about: Any) -> None:  # Any: what ``note`` takes
        """Note in the audit log what a caller does; see ``store.audit_trail.note``."""
        note(connection, CALLER, action, now=self.clock.now(), **about)


def get_context(request: Request) -> ApiContext:
    """Return the context of the application that serves ``request``."""
    context: ApiContext = request.app.state.context
    return context


#: A route's parameter of this type is filled with the context.
Context = Annotated[ApiContext, Depends(get_context)]

"""What commands share: the settings and the metadata store, opened when first needed."""

from __future__ import annotations

import os
from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from etesian.config.load import LoadedSettings
    from etesian.config.settings import Settings
    from etesian.protocol.commands import Command
    from etesian.store import Store
    from etesian.store.audit_trail import Actor
    from etesian.store.bus import Bus

T = TypeVar("T")


class Session:
    """One run of the command. It reads and opens nothing until asked, and closes what it opened."""

    def __init__(self) -> None:
        self._resources = ExitStack()
        click.get_current_context().call_on_close(self._resources.close)

    @cached_property
    def loaded(self) -> LoadedSettings:
        """The settings with their sources."""
        from etesian.config.load import load_with_sources

        return load_with_sources(os.environ)

    @property
    def settings(self) -> Settings:
        """The settings."""
        return self.loaded.settings

    @cached_property
    def store(self) -> Store:
        """The metadata store, with tables of this release.

        Raises:
            StoreError: it cannot be reached, or its tables are missing or of another release.
        """
        from etesian.store.schema import check_schema

        store = self.open_store()
        check_schema(store)
        return store

    def open_store(self) -> Store:
        """Open the metadata store, whatever tables it has.

        Raises:
            StoreError: it cannot be opened.
        """
        from etesian.cli.services.wiring import open_platform_store

        store = open_platform_store(self.settings)
        self._resources.callback(store.dispose)
        return store

    @cached_property
    def bus(self) -> Bus:
        """The bell that wakes the scheduler."""
        from etesian.store.bus import open_bus

        bus = open_bus(self.store)
        self._resources.callback(bus.close)
        return bus

    def wake_scheduler(self) -> None:
        """Ring after a commit that added a command, and tell those who watch."""
        self.bus.ring("inbox")
        self.bus.ring("changes")

    def steer(self, *commands: Command) -> bool:
        """Have the scheduler carry out commands; False, with a word about it, when they have to wait."""
        from etesian.foundation.clock import SystemClock
        from etesian.store.steering import send_commands

        is_done = send_commands(self.store, self.bus, *commands, clock=SystemClock(), actor=self.actor)
        if not is_done:
            click.echo("Queued; it will be applied when a scheduler runs.", err=True)
        return is_done

    @cached_property
    def actor(self) -> Actor:
        """Who runs the command, as the operating system knows them."""
        from getpass import getuser

        from etesian.store.audit_trail import Actor

        try:
            user = getuser()
        except (KeyError, OSError):  # a container's user without a name
            user = str(os.getuid())
        return Actor(user=user, source="cli")

    def note(self, connection: Connection, action: str, **about: Any) -> None:  # Any: what ``note`` takes
        """Note in the audit log what this command does; see ``store.audit_trail.note``."""
        from etesian.foundation.clock import utc_now
        from etesian.store.audit_trail import note

        note(connection, self.actor, action, now=utc_now(), **about)


pass_session = click.make_pass_decorator(Session, ensure=True)

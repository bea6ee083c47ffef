"""What commands share: the settings and the metadata store, opened when first needed."""

from __future__ import annotations

import os
from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from etesian.config.load import LoadedSettings
    from etesian.config.settings import Settings
    from etesian.store import Store
    from etesian.store.bus import Bus

T = TypeVar("T")


class Session:
    """One run of the command. It reads no file and opens no database until a command asks for it."""

    def __init__(self) -> None:
        self._resources = ExitStack()

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
        from etesian.store import open_store
        from etesian.store.schema import check_schema

        database = self.settings.database
        store = open_store(
            database.url.reveal(),
            home=self.settings.home,
            synchronous=database.synchronous,
            pool_size=1,
        )
        self._resources.callback(store.dispose)
        check_schema(store)
        return store

    @cached_property
    def bus(self) -> Bus:
        """The bell that wakes the scheduler."""
        from etesian.store.bus import open_bus

        return open_bus(self.store)

    def close(self) -> None:
        """Give back what was opened."""
        self._resources.close()


pass_session = click.make_pass_decorator(Session, ensure=True)

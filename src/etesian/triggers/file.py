"""Triggers that wait for files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from glob import glob
from pathlib import Path
from typing import Any

from etesian.sdk.trigger import BaseEventTrigger, BaseTrigger, TriggerEvent


class FileTrigger(BaseTrigger):
    """Fires when a file is there that matches ``filepath``, or a folder of that name holds one."""

    def __init__(
        self, filepath: str, recursive: bool = False, poke_interval: float = 5.0, **kwargs: Any
    ) -> None:
        super().__init__()
        self.filepath = filepath
        self.recursive = recursive
        self.poke_interval = poke_interval

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return class path and arguments."""
        return (
            f"{FileTrigger.__module__}.{FileTrigger.__qualname__}",
            {"filepath": self.filepath, "recursive": self.recursive, "poke_interval": self.poke_interval},
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look again and again; a slow file system keeps a thread busy, not the loop."""
        while True:
            found = await asyncio.to_thread(find_file, self.filepath, self.recursive)
            if found is not None:
                self.log.info("Found %s, last changed at %s", found, changed_at(found))
                yield TriggerEvent(True)
                return
            await asyncio.sleep(self.poke_interval)


class FileDeleteTrigger(BaseEventTrigger):
    """Fires each time the file ``filepath`` turns up, and deletes it."""

    def __init__(self, filepath: str, poke_interval: float = 5.0, **kwargs: Any) -> None:
        super().__init__()
        self.filepath = filepath
        self.poke_interval = poke_interval

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return class path and arguments."""
        return (
            f"{FileDeleteTrigger.__module__}.{FileDeleteTrigger.__qualname__}",
            {"filepath": self.filepath, "poke_interval": self.poke_interval},
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look again and again."""
        path = Path(self.filepath)
        while True:
            if await asyncio.to_thread(_delete_if_there, path):
                self.log.info("Found and deleted %s", path)
                yield TriggerEvent(True)
            await asyncio.sleep(self.poke_interval)


class DirectoryFileDeleteTrigger(FileDeleteTrigger):
    """Fires each time the file ``filename`` turns up in a folder, and deletes it."""

    def __init__(self, *, directory: str, filename: str, poke_interval: float = 5.0, **kwargs: Any) -> None:
        super().__init__(str(Path(directory) / filename), poke_interval)
        self.directory = directory
        self.filename = filename

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return class path and arguments."""
        return (
            f"{DirectoryFileDeleteTrigger.__module__}.{DirectoryFileDeleteTrigger.__qualname__}",
            {"directory": self.directory, "filename": self.filename, "poke_interval": self.poke_interval},
        )


def find_file(pattern: str, recursive: bool = False) -> str | None:
    """Return a file that matches a glob pattern or lies in a folder that does; None when there is none."""
    for found in glob(pattern, recursive=recursive):  # noqa: PTH207  # the pattern may be absolute
        path = Path(found)
        if path.is_file():
            return found
        inside = next((file for file in path.rglob("*") if file.is_file()), None)
        if inside is not None:
            return str(inside)
    return None


def changed_at(path: str) -> str:
    """Return when a file was last changed, for a log."""
    with suppress(OSError):
        return datetime.fromtimestamp(Path(path).stat().st_mtime, UTC).isoformat()
    return "an unknown time"


def _delete_if_there(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True

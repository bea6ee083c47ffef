"""Whether a process may import a second DAG file after a first one, as if the first had never been there."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Final

_WATCHED_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM, signal.SIGCHLD, signal.SIGABRT)


class Surroundings:
    """What a well-behaved import leaves as it was; noted before the first file."""

    def __init__(self, folder: Path) -> None:
        self._roots = tuple({str(folder), str(folder.resolve())})
        self._modules = frozenset(sys.modules)
        self._path = list(sys.path)
        self._environment = dict(os.environ)
        self._folder = Path.cwd()
        self._streams = (sys.stdin, sys.stdout, sys.stderr)
        self._handlers = [signal.getsignal(number) for number in _WATCHED_SIGNALS]

    def restore(self) -> bool:
        """Forget the bundle's modules, and return whether nothing else that matters was left behind.

        Installed libraries stay imported: they are the same for every file, and take long to import.
        """
        for name in [name for name in sys.modules if name not in self._modules]:
            if self._is_of_bundle(sys.modules[name]):
                del sys.modules[name]
        sys.path[:] = self._path
        return (
            threading.active_count() == 1
            and dict(os.environ) == self._environment
            and Path.cwd() == self._folder
            and (sys.stdin, sys.stdout, sys.stderr) == self._streams
            and [signal.getsignal(number) for number in _WATCHED_SIGNALS] == self._handlers
            and not _has_children()
        )

    def _is_of_bundle(self, module: ModuleType | None) -> bool:
        """Return whether a module lies below the bundle, or was made by hand and not found anywhere."""
        known: Mapping[str, Any] = getattr(module, "__dict__", {})  # Any: a module may hold anything
        if known.get("__spec__") is None:
            return True
        places = [known.get("__file__"), *(known.get("__path__") or ())]
        return any(str(place).startswith(self._roots) for place in places if place)


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True

"""What a DAG file reads of its bundle while it is imported: modules, data files, listed folders.

A change of any of them is a change of the file: a factory that makes DAGs from YAML files is parsed again
when one of them is edited or a new one appears.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from etesian.foundation.valid_text import is_valid_text

_WRITES = os.O_WRONLY | os.O_RDWR
_LISTINGS = frozenset({"os.listdir", "os.scandir"})


class ReadTracker:
    """Notes reads below one folder, for as long as the process lives: audit hooks cannot be removed."""

    def __init__(self, folder: Path) -> None:
        roots = {_absolute(folder), os.path.realpath(folder)}
        self._roots = tuple(f"{root}{os.sep}" for root in roots)
        self.begin()
        sys.addaudithook(self._on_event)

    def begin(self) -> None:
        """Forget what was noted: another file begins."""
        self._paths: set[str] = set()
        self._modules_before = frozenset(sys.modules)

    def paths(self, own_file: str) -> tuple[str, ...]:
        """Return what was read, relative to the folder, sorted; without the DAG file itself."""
        loaded = [sys.modules[name] for name in sys.modules.keys() - self._modules_before]
        files = (getattr(module, "__file__", None) for module in loaded)
        found = self._paths | {relative for file in files if (relative := self._relative(file))}
        inside = f"{own_file}/"  # modules of an archive are the archive
        others = (path for path in found if path != own_file and not path.startswith(inside))
        return tuple(sorted(path for path in others if self._counts(path)))

    def _on_event(self, event: str, arguments: tuple[Any, ...]) -> None:  # Any: whatever the event carries
        if event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & _WRITES:
                return
        elif event in _LISTINGS:
            if sys._getframe(1).f_code.co_filename.startswith("<frozen importlib"):
                return  # the import system looks through every folder of sys.path
            path = arguments[0] if arguments[0] is not None else "."
        else:
            return
        relative = self._relative(path)
        if relative:
            self._paths.add(relative)

    def _relative(self, path: object) -> str | None:
        try:
            full = _absolute(path)
        except (TypeError, OSError):
            return None
        for root in self._roots:
            if full.startswith(root):
                return full[len(root) :]
            if full + os.sep == root:
                return "."
        return None

    @staticmethod
    def _counts(path: str) -> bool:
        return not path.endswith(".pyc") and "__pycache__" not in path and is_valid_text(path)


def _absolute(path: object) -> str:
    """Return a path as user code means it: ``..`` taken out, links left as they are.

    Raises:
        TypeError: it is a descriptor or something else that names no path.
        OSError: it is relative to a folder that is gone.
    """
    return os.path.abspath(os.fsdecode(path))  # type: ignore[arg-type] # noqa: PTH100 - resolve() would follow links

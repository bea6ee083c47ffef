"""Signalling a process together with all that it started."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def signal_tree(pid: int, signal_number: int) -> None:
    """Signal a process and its descendants, children before parents are gone.

    The command stays in the task's own process group, so that nothing survives a stop by the platform; its
    descendants are therefore found by parentage. Where ``/proc`` is missing only ``pid`` is signalled.
    """
    for member in (pid, *_descendants(pid)):
        with suppress(ProcessLookupError):
            os.kill(member, signal_number)


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    todo = [pid]
    while todo:
        parent = todo.pop()
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            with suppress(OSError):
                children = [int(child) for child in task.read_text(encoding="ascii").split()]
                found += children
                todo += children
    return found

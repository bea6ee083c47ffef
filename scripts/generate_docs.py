"""Writes the pages of docs/ that are made from the code: ``make docs``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from etesian.cli import reference as commands
from etesian.config import reference as settings
from etesian.lifecycle.state import ALLOWED, FINAL_TASK_STATES, TaskState

ROOT: Final = Path(__file__).parents[1]

_STATES_HEAD: Final = """\
# States of a task instance

Where a task instance can be, and where it may go next. The diagram is drawn from `ALLOWED` in
[`lifecycle/state.py`](../src/etesian/lifecycle/state.py), the table that every change is checked against.

It shows what the platform does by itself. Users can do two things more: **clear** a task instance, which
takes it back to `none` so that it runs again (a running one is stopped first, in `restarting`), and **mark**
it as success, failed or skipped. A task that a new version of its DAG no longer has becomes `removed`.
"""

#: What only a user's command, or a changed DAG, leads to.
_ASKED_FOR: Final = frozenset({TaskState.NONE, TaskState.RESTARTING, TaskState.REMOVED})
#: Final states that a state reaches without a mark.
_ENDS: Final = {
    TaskState.NONE: {TaskState.SKIPPED, TaskState.UPSTREAM_FAILED},
    TaskState.SCHEDULED: {TaskState.SKIPPED, TaskState.UPSTREAM_FAILED, TaskState.SUCCESS},
    TaskState.QUEUED: {TaskState.FAILED},
    TaskState.RUNNING: {TaskState.SUCCESS, TaskState.FAILED, TaskState.SKIPPED},
    TaskState.DEFERRED: {TaskState.FAILED},
    TaskState.AWAITING_INPUT: {TaskState.FAILED},
}


def render_states() -> str:
    """Return the state diagram as a Markdown page."""
    lines = [_STATES_HEAD, "```mermaid", "stateDiagram-v2", "    [*] --> none"]
    for state in TaskState:
        lines += [f"    {state} --> {target}" for target in _by_itself(state)]
    lines += [f"    {state} --> [*]" for state in TaskState if state in FINAL_TASK_STATES - _ASKED_FOR]
    lines += ["```", "", "All of it, users' commands included:", "", "| from | to |", "|---|---|"]
    for state in TaskState:
        lines.append(f"| `{state}` | {', '.join(f'`{target}`' for target in _in_order(ALLOWED[state]))} |")
    return "\n".join(lines) + "\n"


def _by_itself(state: TaskState) -> list[TaskState]:
    if state in FINAL_TASK_STATES | _ASKED_FOR - {TaskState.NONE}:
        return []
    onwards = ALLOWED[state] - FINAL_TASK_STATES - _ASKED_FOR
    return _in_order(onwards | (ALLOWED[state] & _ENDS.get(state, set())))


def _in_order(states: frozenset[TaskState]) -> list[TaskState]:
    return [state for state in TaskState if state in states]


#: Page of docs/ to what renders it.
GENERATED: Final[dict[str, Callable[[], str]]] = {
    "cli.md": commands.render,
    "settings.md": settings.render,
    "states.md": render_states,
}


def main() -> None:
    """Write all generated pages."""
    for name, render in GENERATED.items():
        (ROOT / "docs" / name).write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    main()

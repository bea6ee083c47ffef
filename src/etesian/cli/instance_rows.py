"""What lists show of task instances."""

from __future__ import annotations

from typing import Final

from etesian.lifecycle.records import TaskInstanceRecord

INSTANCE_COLUMNS: Final = ("task_id", "map_index", "state", "try_number", "started_at", "ended_at", "reason")


def instance_row(instance: TaskInstanceRecord) -> dict[str, object]:
    """Return a task instance as a row of a list."""
    return {column: getattr(instance, column) for column in INSTANCE_COLUMNS}

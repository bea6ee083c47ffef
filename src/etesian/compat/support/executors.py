"""What executors of provider packages are made of: their classes can be imported and made, and nothing calls them.

Etesian's scheduler has executors of its own, chosen with the setting ``core.executor``.
"""

from __future__ import annotations

from typing import Any

from etesian.compat.models.views import Model
from etesian.compat.settings.configuration import conf
from etesian.compat.support.logging_mixin import LoggingMixin
from etesian.sdk.running.task_instance import TaskInstanceKey

WorkloadKey = TaskInstanceKey
EventBufferValueType = tuple[str | None, Any]


class BaseExecutor(LoggingMixin):
    """The base that executors of providers share."""

    supports_multi_team: bool = False
    is_local: bool = False
    is_production: bool = True
    serve_logs: bool = False

    def __init__(self, parallelism: int = 32, team_name: str | None = None) -> None:
        super().__init__()
        self.parallelism = parallelism
        self.team_name = team_name
        self.conf = conf
        self.queued_tasks: dict[TaskInstanceKey, Any] = {}
        self.running: set[TaskInstanceKey] = set()
        self.event_buffer: dict[TaskInstanceKey, EventBufferValueType] = {}


class ExecuteTask(Model):
    """An attempt to be run."""

    instead = "etesian.executors"


class ExecuteCallback(Model):
    """A callback to be run."""

    instead = "etesian.executors"

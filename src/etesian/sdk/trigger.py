"""What a deferred task waits for: a trigger, run by the triggerer on behalf of many tasks at once."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NoReturn

from etesian.sdk.exceptions import TaskDeferred


class TriggerEvent:
    """What a trigger saw. ``payload`` reaches the task's next method as ``event``; it must be JSON."""

    def __init__(self, payload: Any = None) -> None:
        self.payload = payload

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.payload == other.payload

    def __hash__(self) -> int:
        return hash(repr(self.payload))

    def __repr__(self) -> str:
        return f"{type(self).__name__}<{self.payload!r}>"


class BaseTaskEndEvent(TriggerEvent):
    """Ends the task at once, with no worker to finish it."""

    task_instance_state: str = ""

    def __init__(self, *, xcoms: dict[str, Any] | None = None, **_: Any) -> None:
        super().__init__(payload=self.task_instance_state)
        self.xcoms = dict(xcoms or {})


class TaskSuccessEvent(BaseTaskEndEvent):
    """Ends the task as succeeded."""

    task_instance_state = "success"


class TaskFailedEvent(BaseTaskEndEvent):
    """Ends the task as failed."""

    task_instance_state = "failed"


class TaskSkippedEvent(BaseTaskEndEvent):
    """Ends the task as skipped."""

    task_instance_state = "skipped"


class BaseTrigger(ABC):
    """Waits for something without holding a worker.

    ``run`` is a coroutine generator: it must only wait with ``await``, since thousands of triggers share one
    event loop. ``serialize`` gives the class path and the arguments that make an equal trigger in another
    process; a trigger may be started again at any time, from the beginning.
    """

    supports_triggerer_queue = True

    def __init__(self, **kwargs: Any) -> None:
        # Airflow's triggers hand over what they do not know; so do those of its providers.
        self.task_instance: Any = None
        self.trigger_id: str | None = None
        self.timeout_after: Any = None

    @property
    def log(self) -> logging.Logger:
        """Where messages of this trigger go."""
        return logging.getLogger(f"{type(self).__module__}.{type(self).__qualname__}")

    @abstractmethod
    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the import path of the class, and keyword arguments that are JSON."""

    @abstractmethod
    def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, and yield an event; only the first one counts for a deferred task."""

    async def cleanup(self) -> None:  # noqa: B027  # most triggers hold nothing
        """Release what ``run`` holds. Called when it ends, is cancelled, or moves to another process."""

    async def on_kill(self) -> None:  # noqa: B027  # most triggers did nothing outside
        """Undo outside work. Called when a user stopped the task, not when the triggerer restarts."""

    def __repr__(self) -> str:
        class_path, kwargs = self.serialize()
        arguments = ", ".join(f"{name}={value!r}" for name, value in kwargs.items())
        return f"<{class_path} {arguments}>" if arguments else f"<{class_path}>"


class BaseEventTrigger(BaseTrigger):
    """A trigger that an ``AssetWatcher`` may use: every event counts, and it never ends by itself."""

    @staticmethod
    def hash(classpath: str, kwargs: Mapping[str, Any]) -> int:
        """Return a number that equal triggers share."""
        return hash((classpath, repr(sorted(kwargs.items()))))


@dataclass(slots=True)
class StartTriggerArgs:
    """How to start a task's trigger without running the task first."""

    trigger_cls: str
    next_method: str
    trigger_kwargs: dict[str, Any] | None = None
    next_kwargs: dict[str, Any] | None = None
    timeout: timedelta | None = None

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return class path and arguments of the trigger."""
        return self.trigger_cls, self.trigger_kwargs or {}

    def defer(self) -> NoReturn:
        """Let the task that is starting wait for the trigger at once.

        Raises:
            TaskDeferred: always.
        """
        raise TaskDeferred(
            trigger=self, method_name=self.next_method, kwargs=self.next_kwargs, timeout=self.timeout
        )

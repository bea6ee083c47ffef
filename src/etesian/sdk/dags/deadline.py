"""Deadlines of runs: call back when a run is not done in time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from etesian.sdk.exceptions import InvalidDagError
from etesian.sdk.tasks.arguments import as_utc
from etesian.spec.dag import DeadlineSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The moment from which the time of a deadline counts."""

    name: str
    at: datetime | None = None
    max_runs: int | None = None
    min_runs: int | None = None


class DeadlineReference:
    """The moments to choose from."""

    DAGRUN_QUEUED_AT = Reference(name="queued_at")
    DAGRUN_LOGICAL_DATE = Reference(name="logical_date")

    @staticmethod
    def FIXED_DATETIME(moment: datetime) -> Reference:  # the name that DAG files use
        """Return a moment that is the same for every run."""
        return Reference(name="fixed", at=as_utc(moment, "deadline"))

    @staticmethod
    def AVERAGE_RUNTIME(max_runs: int = 10, min_runs: int | None = None) -> Reference:  # as above
        """Return the moment at which the run would end if it took as long as the last ``max_runs`` did on
        average. As long as fewer than ``min_runs`` have succeeded (``max_runs`` if not given), there is none.
        """
        return Reference(name="average_runtime", max_runs=max_runs, min_runs=min_runs)


class Callback:
    """What to call, with arguments of one's own beside the context."""

    def __init__(
        self, callback_callable: Callable[..., Any], kwargs: Mapping[str, Any] | None = None, **_: Any
    ) -> None:
        if not callable(callback_callable):
            raise InvalidDagError(f"a deadline's callback must be callable, got {callback_callable!r:.80}")
        self.callback_callable = callback_callable
        self.kwargs = dict(kwargs or {})


class SyncCallback(Callback):
    """A function, called by a worker."""


class AsyncCallback(Callback):
    """A coroutine function, called by a worker."""


@dataclass(frozen=True, kw_only=True)
class DeadlineAlert:
    """Call ``callback`` when a run is not done ``interval`` after ``reference``."""

    reference: Reference
    interval: timedelta
    callback: Any
    name: str | None = None

    def to_spec(self) -> DeadlineSpec:
        """Return the deadline as the spec holds it."""
        return DeadlineSpec(
            reference=self.reference.name,
            interval_seconds=self.interval.total_seconds(),
            at=self.reference.at,
            max_runs=self.reference.max_runs,
            name=self.name,
        )


def as_deadlines(value: Any, what: str) -> list[DeadlineAlert]:
    """Return deadlines given as one, several or none.

    Raises:
        InvalidDagError: one is something else.
    """
    alerts = [] if value is None else list(value) if isinstance(value, list | tuple) else [value]
    for alert in alerts:
        if not isinstance(alert, DeadlineAlert):
            raise InvalidDagError(
                f"{what}: deadline takes DeadlineAlert objects, got {type(alert).__name__}: {alert!r:.80}"
            )
    return alerts

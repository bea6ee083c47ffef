"""Who else is told of attempts, in the process of the attempt itself. Observers cannot change what comes of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, Final, Protocol

from etesian.protocol.reports import Outcome

_log = logging.getLogger("airflow.task")


class AttemptObserver(Protocol):
    """Is told of each attempt; what it raises is logged. Any: a ``TaskInstance``, which needs this module."""

    def on_start(self, ti: Any) -> None:
        """User code is about to be called."""

    def on_end(self, ti: Any, outcome: Outcome, error: BaseException | None) -> None:
        """User code has ended."""


_observers: Final[list[AttemptObserver]] = []


def add_attempt_observer(observer: AttemptObserver) -> None:
    """Let an observer be told of the attempts of this process from now on."""
    _observers.append(observer)


def tell_start(ti: Any) -> None:
    """Tell all that user code is about to be called."""
    for observer in _observers:
        _tell(partial(observer.on_start, ti))


def tell_end(ti: Any, outcome: Outcome, error: BaseException | None) -> None:
    """Tell all what came of it."""
    for observer in _observers:
        _tell(partial(observer.on_end, ti, outcome, error))


def _tell(call: Callable[[], None]) -> None:
    try:
        call()
    except Exception:
        _log.exception("An observer of task instances failed")

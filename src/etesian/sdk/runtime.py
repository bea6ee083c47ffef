"""The one door through which user code reaches the platform: requests in, answers out.

An attempt's process, a DAG host, a parser's child and a test each install their own ``Platform``. Code of the
SDK (``Variable.get``, ``xcom_pull``, ``BaseHook.get_connection`` ...) asks ``current_platform()``.
"""

from __future__ import annotations

from typing import Protocol, TypeVar

from etesian.foundation.errors import EtesianError
from etesian.protocol.requests import Answer, Refused, Request

Expected = TypeVar("Expected")


class NoPlatformError(EtesianError):
    """User code asked for something that only exists while the platform runs it."""


class RequestRefusedError(EtesianError):
    """The platform did not do what user code asked for; the text says why."""


class Platform(Protocol):
    """Carries out requests of user code."""

    def ask(self, request: Request) -> Answer:
        """Return the answer to one request; ``protocol.requests.Refused`` is an answer too.

        Raises:
            EtesianError: the platform could not be reached within its time-out.
        """
        ...


_current: Platform | None = None


def set_platform(platform: Platform | None) -> Platform | None:
    """Install the platform of this process and return the one before."""
    global _current  # one process runs one attempt: this is that process's door
    previous, _current = _current, platform
    return previous


def has_platform() -> bool:
    """Return whether requests can be made now."""
    return _current is not None


def current_platform() -> Platform:
    """Return the platform of this process.

    Raises:
        NoPlatformError: this is a plain Python process.
    """
    if _current is None:
        raise NoPlatformError(
            "this works only while etesian runs the code (a task, a DAG file being parsed, or `dag.test()`); "
            "in a plain Python process there is no platform to ask"
        )
    return _current


def ask(request: Request, expected: type[Expected]) -> Expected:
    """Return the answer to one request, which must be of the type expected.

    Raises:
        RequestRefusedError: the platform refused, or answered something else.
        NoPlatformError: this is a plain Python process.
    """
    answer = current_platform().ask(request)
    if isinstance(answer, expected):
        return answer
    reason = answer.reason if isinstance(answer, Refused) else f"it answered {type(answer).__name__}"
    raise RequestRefusedError(f"{type(request).__name__} was refused: {reason}")

"""``provide_session`` and ``settings.Session``: tasks and DAG files have no database session here."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, ParamSpec, TypeVar

from etesian.sdk.exceptions import AirflowException

P = ParamSpec("P")
R = TypeVar("R")


class NoDatabaseAccessError(AirflowException):
    """User code wanted the metadata database."""


class RefusingSession:
    """Stands where a database session would; it may be passed around and closed, and refuses to be asked."""

    def __getattr__(self, name: str) -> NoReturn:
        """Refuse.

        Raises:
            NoDatabaseAccessError: always; says what to use instead.
        """
        raise NoDatabaseAccessError(
            f"session.{name}: DAG files and tasks have no access to the metadata database in Etesian. "
            "Use Variable, Connection, ti.xcom_pull, DagRun.find, ti.get_dagrun() or the REST API under /api/v2"
        )

    def __enter__(self) -> RefusingSession:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing was opened."""

    def close(self) -> None:
        """Nothing was opened."""

    def commit(self) -> None:
        """Nothing was written."""

    def rollback(self) -> None:
        """Nothing was written."""


NEW_SESSION: Any = None  # Any: a default argument of functions that declare a session


def Session(*_: object, **__: object) -> RefusingSession:
    """Return a session that refuses to be asked."""
    return RefusingSession()


@contextmanager
def create_session(scoped: bool = True) -> Iterator[RefusingSession]:
    """Give a session that refuses to be asked."""
    yield RefusingSession()


def provide_session(func: Callable[P, R]) -> Callable[P, R]:
    """Give ``func`` a session if its caller does not; it fails only where it uses it."""
    parameters = inspect.signature(func).parameters
    if "session" not in parameters:
        return func
    position = list(parameters).index("session")

    @functools.wraps(func)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        if "session" not in kwargs and len(args) <= position:
            kwargs["session"] = RefusingSession()
        return func(*args, **kwargs)

    return wrapper

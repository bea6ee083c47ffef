"""What was left unsaid in a file means what it meant in the Airflow era that the file was written for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import msgspec

from etesian.sdk.exceptions import UnknownArgumentError


class UnknownArguments(msgspec.Struct, frozen=True, kw_only=True):
    """Arguments that nobody knows, and what they were given to."""

    owner: str  #: for people: ``BashOperator 'extract'``
    names: tuple[str, ...]
    possible: Collection[str]  #: the arguments that exist


def refuse_unknown_arguments(found: UnknownArguments) -> None:
    """Raise an error that names the arguments and what may have been meant.

    Raises:
        UnknownArgumentError: always.
    """
    from difflib import get_close_matches  # only needed to explain a mistake

    hints = []
    for name in found.names:
        close = get_close_matches(name, found.possible, n=3, cutoff=0.7)
        hints.append(f"{name!r}" + (f" (did you mean {' or '.join(map(repr, close))}?)" if close else ""))
    plural = "arguments" if len(found.names) > 1 else "argument"
    raise UnknownArgumentError(f"{found.owner} has no {plural} {', '.join(hints)}", found.names)


def ignore_unknown_arguments(found: UnknownArguments) -> None:
    """Let them pass, as Airflow 1 did."""


class Era(msgspec.Struct, frozen=True, kw_only=True):
    """The defaults of one generation of DAG files."""

    name: str
    default_schedule: timedelta | None = None  #: of a DAG that names none
    catchup: bool = False  #: of a DAG that does not say
    cron_covers_interval: bool = False  #: ``schedule="0 0 * * *"`` gives runs that cover the period before
    on_unknown_arguments: Callable[[UnknownArguments], None] = refuse_unknown_arguments
    undefined_names_are_empty: bool = False  #: in templates; else they are an error
    first_of_repeated_tasks_counts: bool = False  #: where two tasks have one id; else they are an error


NATIVE = Era(name="native")
AIRFLOW_2 = Era(name="2.x", default_schedule=timedelta(days=1), catchup=True, cron_covers_interval=True)
AIRFLOW_1 = Era(
    name="1.10",
    default_schedule=timedelta(days=1),
    catchup=True,
    cron_covers_interval=True,
    on_unknown_arguments=ignore_unknown_arguments,
    undefined_names_are_empty=True,
    first_of_repeated_tasks_counts=True,
)

_OWN_FOLDER = str(Path(__file__).resolve().parents[1])
_current: Era | None = None


def _always_native(path: Path) -> Era:
    return NATIVE


_choose: Callable[[Path], Era] = _always_native


def current_era() -> Era:
    """Return the era of the file being imported; outside of a loader, of the file whose code is running."""
    return _current if _current is not None else _choose(_author_file())


def _author_file() -> Path:
    """Return the innermost file on the stack that is neither ours nor an installed library's."""
    frame = sys._getframe(1)
    while frame.f_back is not None:
        name = frame.f_code.co_filename
        if not (name.startswith((_OWN_FOLDER, "<")) or "site-packages" in name):
            break
        frame = frame.f_back
    return Path(frame.f_code.co_filename)


@contextmanager
def using_era(era: Era) -> Iterator[Era]:
    """Let a block be imported with the defaults of ``era``."""
    global _current  # one process imports one file at a time
    previous, _current = _current, era
    try:
        yield era
    finally:
        _current = previous


def choose_era_with(choose: Callable[[Path], Era]) -> None:
    """Let ``choose`` decide, by looking at a DAG file, which era it was written for."""
    global _choose  # one rule per process
    _choose = choose


def era_of_file(path: Path) -> Era:
    """Return the era that a DAG file was written for."""
    return _choose(path)

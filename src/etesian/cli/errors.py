"""What a command can end with. Scripts may rely on these exit codes; ``docs/cli.md`` lists them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from etesian.foundation.errors import EtesianError


class ExitCode(IntEnum):
    """How a command ended."""

    OK = 0
    FAILED = 1  #: it was tried and did not work, or what was asked about has failed
    USAGE = 2  #: the command line or a setting is wrong
    NOT_FOUND = 3  #: it names something that does not exist
    CONFLICT = 4  #: it is already there, or in a state that does not allow it
    INTERNAL = 70  #: a fault of Etesian
    INTERRUPTED = 130  #: Ctrl-C


class CommandError(EtesianError):
    """A command cannot be carried out."""

    exit_code = ExitCode.FAILED


class UsageError(CommandError):
    """An argument makes no sense."""

    exit_code = ExitCode.USAGE


class ConflictError(CommandError):
    """It exists already, or its state does not allow the change."""

    exit_code = ExitCode.CONFLICT


class NotFoundError(CommandError):
    """A name that nothing has; the message offers the closest ones that exist."""

    exit_code = ExitCode.NOT_FOUND

    def __init__(self, what: str, name: str, known: Iterable[str] = ()) -> None:
        super().__init__(f"there is no {what} {name!r}{suggest(name, known)}")
        self.what, self.name = what, name


def suggest(wrong: str, known: Iterable[str]) -> str:
    """Return ``; did you mean ...?`` with the close names, else a hint of what there is, else nothing."""
    from difflib import get_close_matches  # late: only for a message

    known = sorted(set(known))
    close = get_close_matches(wrong, known, n=3)
    if close:
        return f"; did you mean {' or '.join(repr(name) for name in close)}?"
    if 0 < len(known) <= 8:
        return f"; there are: {', '.join(known)}"
    return ""

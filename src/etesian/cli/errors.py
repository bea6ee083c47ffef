"""What a command can end with. Scripts may rely on these exit codes; ``docs/cli.md`` lists them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Final

from etesian.foundation.errors import EtesianError

#: Of more names than this a message shows only the first ones.
MAX_LISTED: Final = 8


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

    def __init__(self, what: str, name: str, known: Iterable[str] | None = None) -> None:
        super().__init__(f"there is no {what} {name!r}{'' if known is None else suggest(name, known)}")
        self.what, self.name = what, name


def suggest(wrong: str, known: Iterable[str]) -> str:
    """Return ``; did you mean ...?`` with the close names, else some of what there is."""
    from difflib import get_close_matches  # late: only for a message

    known = sorted(set(known))
    close = get_close_matches(wrong, known, n=3)
    if close:
        return f"; did you mean {' or '.join(repr(name) for name in close)}?"
    return f"; {list_known(known)}"


def list_known(known: Sequence[str]) -> str:
    """Return what there is in words; of many names the first few and their number.

    >>> list_known(["a", "b"]), list_known([])
    ('there are: a, b', 'there are none')
    >>> list_known([str(number) for number in range(12)])
    'there are 12: 0, 1, 2, 3, 4, 5, 6, 7, ...'
    """
    if not known:
        return "there are none"
    if len(known) <= MAX_LISTED:
        return f"there are: {', '.join(known)}"
    return f"there are {len(known)}: {', '.join(known[:MAX_LISTED])}, ..."


def count_of(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun.

    >>> count_of(1, "pool"), count_of(3, "pool"), count_of(0, "entry", "entries")
    ('1 pool', '3 pools', '0 entries')
    """
    return f"{number} {one if number == 1 else many or one + 's'}"

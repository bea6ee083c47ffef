"""What operators and DAGs accept for durations, rules, callbacks and dates, brought to one form."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from etesian.sdk.exceptions import InvalidDagError
from etesian.sdk.time.timezone import convert_to_utc
from etesian.spec.trigger_rule import TriggerRule

#: rules that were renamed
_OLD_TRIGGER_RULES: Final = {
    "dummy": "always",
    "none_failed_or_skipped": "none_failed_min_one_success",
}
WEIGHT_RULES: Final = ("downstream", "upstream", "absolute")


def as_timedelta(value: Any, what: str) -> timedelta:
    """Return a duration given as ``timedelta``, number of seconds or ``pendulum.duration``.

    Raises:
        InvalidDagError: it is none of these, or negative.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = timedelta(seconds=value)
    if not isinstance(value, timedelta):
        raise InvalidDagError(
            f"{what} must be a timedelta or a number of seconds, got {type(value).__name__}: {value!r:.80}"
        )
    return value


def as_optional_timedelta(value: Any, what: str) -> timedelta | None:
    """Return a duration, or None if there is none."""
    return None if value is None else as_timedelta(value, what)


def as_utc(value: Any, what: str) -> datetime | None:
    """Return an aware moment from a datetime, a date or an ISO text; naive ones are meant in UTC.

    Raises:
        InvalidDagError: it is none of these.
    """
    if value is None:
        return None
    try:
        return convert_to_utc(value)
    except (TypeError, ValueError) as error:
        raise InvalidDagError(
            f"{what} must be a datetime, got {type(value).__name__}: {value!r:.80} ({error})"
        ) from None


def as_trigger_rule(value: Any, what: str) -> TriggerRule:
    """Return the trigger rule of that name; old names are understood.

    Raises:
        InvalidDagError: there is no such rule.
    """
    name = str(getattr(value, "value", value))
    try:
        return TriggerRule(_OLD_TRIGGER_RULES.get(name, name))
    except ValueError:
        raise InvalidDagError(
            f"{what}: there is no trigger rule {name!r}; there are {', '.join(TriggerRule)}"
        ) from None


def as_callbacks(value: Any, what: str) -> list[Callable[..., Any]]:
    """Return callbacks given as None, one callable or notifier, or a collection of them.

    Raises:
        InvalidDagError: one cannot be called.
    """
    if value is None:
        return []
    callbacks = list(value) if isinstance(value, Iterable) and not callable(value) else [value]
    for callback in callbacks:
        if not callable(callback):
            raise InvalidDagError(f"{what} must be callable, got {type(callback).__name__}: {callback!r:.80}")
    return callbacks


def as_collection(value: Any) -> list[Any]:
    """Return a list of something that may be given alone, as a collection, or not at all."""
    if value is None:
        return []
    if isinstance(value, Collection) and not isinstance(value, str | bytes | dict):
        return list(value)
    return [value]


#: Counts are added up and kept in databases, whose numbers end.
LARGEST_COUNT: Final = 2**31 - 1


def check_at_least(value: Any, least: int, what: str) -> int:
    """Return a whole number that is not below ``least``; one beyond ``LARGEST_COUNT`` means without end, and is that.

    Raises:
        InvalidDagError: it is not a whole number, or below.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidDagError(f"{what} must be a whole number, got {type(value).__name__}: {value!r:.80}")
    if value < least:
        raise InvalidDagError(f"{what} must be at least {least}, got {value}")
    return min(value, LARGEST_COUNT)


def as_retries(value: Any, what: str) -> int:
    """Return a number of retries; None means none, a text of digits is understood.

    Raises:
        InvalidDagError: it is not a number.
    """
    if value is None:
        return 0
    try:
        return check_at_least(int(value), 0, what)
    except (TypeError, ValueError):
        raise InvalidDagError(
            f"{what} must be a whole number, got {type(value).__name__}: {value!r:.80}"
        ) from None

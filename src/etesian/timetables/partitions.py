"""Arithmetic on the keys of partitions: what a mapper makes of a key, and when a key is complete."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from etesian.foundation.errors import EtesianError
from etesian.spec.partition import (
    AllowedKeyMapper,
    ChainMapper,
    FanOutMapper,
    FixedKeyMapper,
    IdentityMapper,
    Mapper,
    PeriodMapper,
    ProductMapper,
    RollUpMapper,
    WindowSpec,
)
from etesian.timetables.zone import load_zone

#: How many keys one event gives at most, unless its mapper says otherwise.
MAX_KEYS: Final = 1000
#: What the parts of a period are: their length, and whether the number of days decides how many there are.
_STEPS: Final = {
    "hour": (60, timedelta(minutes=1)),
    "day": (24, timedelta(hours=1)),
    "week": (7, timedelta(days=1)),
}
_MONTHS: Final = {"quarter": 3, "year": 12}
#: How the parts of a format are found again in a key.
_DIGITS: Final = {"Y": r"\d{4}", "m": r"\d{2}", "d": r"\d{2}", "H": r"\d{2}", "M": r"\d{2}", "S": r"\d{2}"}
_DIRECTIVE: Final = re.compile(r"%(.)|\{(\w+)\}")


class PartitionKeyError(EtesianError):
    """A key cannot be mapped."""


def map_key(mapper: Mapper, key: str) -> tuple[str, ...]:
    """Return the keys that a key gives, in order, each once.

    Raises:
        PartitionKeyError: the key is not one that the mapper understands, or gives too many.

    >>> map_key(PeriodMapper(unit="day", output_format="%Y-%m-%d"), "2030-01-02T03:04:05")
    ('2030-01-02',)
    """
    found = tuple(dict.fromkeys(_map(mapper, key)))
    limit = mapper.max_keys or MAX_KEYS
    if len(found) > limit:
        raise PartitionKeyError(
            f"key {key!r} gives {len(found)} keys, more than the {limit} that are allowed"
        )
    return found


def expected_keys(mapper: RollUpMapper, key: str) -> frozenset[str]:
    """Return the keys that a key is rolled up from.

    Raises:
        PartitionKeyError: the key is none that the mapper gives.
    """
    if mapper.window.segments:
        return frozenset(mapper.window.segments)
    period = _as_period(mapper.mapper)
    start = _read(period, key)
    return frozenset(moment.strftime(period.input_format) for moment in _members(mapper.window, start))


def is_complete(mapper: Mapper, key: str, arrived: Set[str]) -> bool:
    """Return whether enough of the keys that give ``key`` have come.

    Raises:
        PartitionKeyError: the key is none that the mapper gives.
    """
    if not isinstance(mapper, RollUpMapper):
        return bool(arrived)
    expected = expected_keys(mapper, key)
    minimum = len(expected) if mapper.minimum is None else mapper.minimum
    return len(expected & arrived) >= (minimum if minimum > 0 else max(0, len(expected) + minimum))


def start_of(mapper: Mapper, key: str) -> datetime | None:
    """Return the moment at which the period of a key begins; None for a key that is about no time.

    Raises:
        PartitionKeyError: the key is none that the mapper gives.
    """
    match mapper:
        case PeriodMapper(timezone=timezone):
            return _read(mapper, key).replace(tzinfo=load_zone(timezone))
        case RollUpMapper(mapper=inner) | FanOutMapper(downstream=inner):
            return start_of(inner, key)
        case ChainMapper(mappers=mappers):
            return start_of(mappers[-1], key)
        case ProductMapper(mappers=mappers, delimiter=delimiter):
            parts = zip(mappers, key.split(delimiter), strict=False)
            found = [start for inner, part in parts if (start := start_of(inner, part)) is not None]
            return found[0] if len(found) == 1 else None
    return None


def _map(mapper: Mapper, key: str) -> tuple[str, ...]:
    match mapper:
        case IdentityMapper():
            return (key,)
        case PeriodMapper():
            return (_write(mapper, _start(mapper.unit, _parse(mapper, key))),)
        case AllowedKeyMapper(keys=allowed):
            return (_check_allowed(key, allowed),)
        case FixedKeyMapper(key=fixed):
            return (fixed,)
        case ProductMapper():
            return (_map_parts(mapper, key),)
        case ChainMapper(mappers=mappers):
            return _map_in_turn(mappers, key)
        case RollUpMapper(mapper=inner):
            return _map(inner, key)
        case FanOutMapper():
            return _fan_out(mapper, key)


def _check_allowed(key: str, allowed: tuple[str, ...]) -> str:
    if key not in allowed:
        raise PartitionKeyError(f"key {key!r} is not among {', '.join(map(repr, allowed))}")
    return key


def _map_in_turn(mappers: tuple[Mapper, ...], key: str) -> tuple[str, ...]:
    keys: tuple[str, ...] = (key,)
    for mapper in mappers:
        keys = tuple(mapped for each in keys for mapped in map_key(mapper, each))
    return keys


def _map_parts(mapper: ProductMapper, key: str) -> str:
    parts = key.split(mapper.delimiter)
    if len(parts) != len(mapper.mappers):
        raise PartitionKeyError(
            f"key {key!r} has {len(parts)} parts between {mapper.delimiter!r}, not {len(mapper.mappers)}"
        )
    mapped: list[str] = []
    for inner, part in zip(mapper.mappers, parts, strict=True):
        keys = map_key(inner, part)
        if len(keys) != 1:
            raise PartitionKeyError(f"part {part!r} of key {key!r} gives {len(keys)} keys; it must give one")
        mapped += keys
    return mapper.delimiter.join(mapped)


def _fan_out(mapper: FanOutMapper, key: str) -> tuple[str, ...]:
    if mapper.window.segments:
        return mapper.window.segments
    period = _as_period(mapper.mapper)
    start = _read(period, map_key(period, key)[0])
    members = _members(mapper.window, start)
    if isinstance(mapper.downstream, PeriodMapper):
        return tuple(_write(mapper.downstream, member) for member in members)
    return tuple(member.isoformat() for member in members)


def _as_period(mapper: Mapper) -> PeriodMapper:
    if not isinstance(mapper, PeriodMapper):
        raise PartitionKeyError("a window of time needs a mapper that reads times")
    return mapper


# --- periods ------------------------------------------------------------------------------------------------


def _parse(mapper: PeriodMapper, key: str) -> datetime:
    """Return the moment of a key on the wall clock of the mapper's time zone."""
    try:
        moment = datetime.strptime(key, mapper.input_format)  # noqa: DTZ007  # a wall clock's time
    except ValueError:
        raise PartitionKeyError(f"key {key!r} is not written as {mapper.input_format!r}") from None
    if moment.tzinfo is not None:
        moment = moment.astimezone(load_zone(mapper.timezone)).replace(tzinfo=None)
    return moment


def _start(unit: str, moment: datetime) -> datetime:
    """Return where the period that a moment is in begins."""
    hour = moment.replace(minute=0, second=0, microsecond=0)
    if unit == "hour":
        return hour
    day = hour.replace(hour=0)
    match unit:
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(day=1, month=(day.month - 1) // 3 * 3 + 1)
        case "year":
            return day.replace(day=1, month=1)
    return day


def _write(mapper: PeriodMapper, start: datetime) -> str:
    return start.strftime(mapper.output_format).replace("{quarter}", str((start.month - 1) // 3 + 1))


def _read(mapper: PeriodMapper, key: str) -> datetime:
    """Return the start of the period that a key names: what ``_write`` wrote."""
    found = _pattern(mapper.output_format).fullmatch(key)
    if found is None:
        raise PartitionKeyError(f"key {key!r} is not written as {mapper.output_format!r}")
    parts = found.groupdict()
    month = int(parts.get("m") or (int(parts.get("quarter", 1)) - 1) * 3 + 1)
    try:
        day, hour = int(parts.get("d", 1)), int(parts.get("H", 0))
        return datetime(int(parts["Y"]), month, day, hour)  # noqa: DTZ001  # a wall clock's time
    except (KeyError, ValueError):
        raise PartitionKeyError(
            f"key {key!r}, written as {mapper.output_format!r}, names no {mapper.unit}"
        ) from None


@lru_cache(maxsize=256)
def _pattern(output_format: str) -> re.Pattern[str]:
    pattern, end = "", 0
    for found in _DIRECTIVE.finditer(output_format):
        pattern += re.escape(output_format[end : found.start()])
        name = found[1] or found[2]
        pattern += f"(?P<{name}>{_DIGITS.get(name, '[1-4]' if name == 'quarter' else r'.+?')})"
        end = found.end()
    return re.compile(pattern + re.escape(output_format[end:]))


def _members(window: WindowSpec, start: datetime) -> Iterator[datetime]:
    """Yield the parts of a period that begins, or ends, with the one at ``start``."""
    if window.unit in _MONTHS:
        count = _MONTHS[window.unit]
        first = 1 - count if window.is_backward else 0
        yield from (_add_months(start, first + number) for number in range(count))
        return
    count, step = _STEPS.get(window.unit) or _days_of_month(start, window.is_backward)
    first_member = start - (count - 1) * step if window.is_backward else start
    yield from (first_member + number * step for number in range(count))


def _days_of_month(start: datetime, is_backward: bool) -> tuple[int, timedelta]:
    begin = _add_months(start, -1) if is_backward else start
    return (_add_months(begin, 1) - begin).days, timedelta(days=1)


def _add_months(start: datetime, months: int) -> datetime:
    total = start.month - 1 + months
    return start.replace(year=start.year + total // 12, month=total % 12 + 1, day=1)

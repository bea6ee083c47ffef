"""How keys of partitions are mapped: from those that assets were updated for to those that a DAG runs for.

What the descriptions mean is computed in ``timetables.partitions``.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from etesian.spec.asset import AssetLike


class CronPartition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A run of a cron schedule is about the partition of its time, or of the one ``offset`` times later."""

    key_format: str = "%Y-%m-%dT%H:%M:%S"  #: as ``strftime`` reads it, in the schedule's time zone
    offset: int = 0


class _Mapper(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What all mappers have."""

    max_keys: int | None = None  #: one event gives no more keys than this


class IdentityMapper(_Mapper, frozen=True, kw_only=True, tag="identity"):
    """The key stays what it is."""


class PeriodMapper(_Mapper, frozen=True, kw_only=True, tag="period"):
    """The key of a moment becomes that of the period that it is in."""

    unit: str  #: hour | day | week | month | quarter | year
    timezone: str = "UTC"
    input_format: str = "%Y-%m-%dT%H:%M:%S"
    output_format: str  #: as ``strftime`` reads it; ``{quarter}`` is the number of the quarter


class AllowedKeyMapper(_Mapper, frozen=True, kw_only=True, tag="allowed"):
    """These keys stay what they are; others are of no concern."""

    keys: tuple[str, ...]


class FixedKeyMapper(_Mapper, frozen=True, kw_only=True, tag="fixed"):
    """All keys become one."""

    key: str


class ProductMapper(_Mapper, frozen=True, kw_only=True, tag="product"):
    """The parts of a key, between delimiters, are mapped each by its own mapper."""

    mappers: tuple[Mapper, ...]
    delimiter: str = "|"


class ChainMapper(_Mapper, frozen=True, kw_only=True, tag="chain"):
    """What one mapper gives is mapped by the next."""

    mappers: tuple[Mapper, ...]


class WindowSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The keys that make up one: the parts of a period, or a fixed set."""

    unit: str = ""  #: hour | day | week | month | quarter | year; empty for a fixed set
    is_backward: bool = False  #: the period ends with the key instead of beginning with it
    segments: tuple[str, ...] = ()  #: the fixed set, sorted


class RollUpMapper(_Mapper, frozen=True, kw_only=True, tag="roll_up"):
    """Many keys become one, which is complete when all keys of its window have come, or enough of them."""

    mapper: Mapper
    window: WindowSpec
    minimum: int | None = None  #: None: all; 5: five of them; -2: all but two


class FanOutMapper(_Mapper, frozen=True, kw_only=True, tag="fan_out"):
    """One key becomes all keys of a window, each written by ``downstream``."""

    mapper: Mapper
    window: WindowSpec
    downstream: Mapper


Mapper: TypeAlias = (
    IdentityMapper
    | PeriodMapper
    | AllowedKeyMapper
    | FixedKeyMapper
    | ProductMapper
    | ChainMapper
    | RollUpMapper
    | FanOutMapper
)


class AssetMapping(msgspec.Struct, frozen=True, kw_only=True):
    """How the keys of one asset are mapped."""

    asset: AssetLike
    mapper: Mapper


class AssetPartitions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A run of a DAG is about one partition, for which all its assets were updated."""

    mappings: tuple[AssetMapping, ...] = ()
    default: Mapper = IdentityMapper()

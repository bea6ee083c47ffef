"""Keys of partitions. Expected keys of periods, products, chains and windows were measured with Airflow 3.3.2."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

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
from etesian.timetables.partitions import (
    PartitionKeyError,
    expected_keys,
    is_complete,
    map_key,
    start_of,
)

KEY = "2024-02-29T23:30:15"
FORMATS = {
    "hour": "%Y-%m-%dT%H",
    "day": "%Y-%m-%d",
    "week": "%Y-%m-%d (W%V)",
    "month": "%Y-%m",
    "quarter": "%Y-Q{quarter}",
    "year": "%Y",
}


def period(unit: str, **parts: str) -> PeriodMapper:
    return PeriodMapper(unit=unit, output_format=FORMATS[unit], **parts)


@pytest.mark.parametrize(
    ("mapper", "key", "expected"),
    [
        (IdentityMapper(), "eu", "eu"),
        (AllowedKeyMapper(keys=("eu", "us")), "us", "us"),
        (FixedKeyMapper(key="all"), "eu", "all"),
        (period("hour"), KEY, "2024-02-29T23"),
        (period("day"), KEY, "2024-02-29"),
        (period("week"), KEY, "2024-02-26 (W09)"),
        (period("month"), KEY, "2024-02"),
        (period("quarter"), KEY, "2024-Q1"),
        (period("year"), KEY, "2024"),
        (
            period("day", timezone="Asia/Tokyo", input_format="%Y-%m-%dT%H:%M:%S%z"),
            f"{KEY}+0000",
            "2024-03-01",
        ),
        (ProductMapper(mappers=(IdentityMapper(), period("day"))), f"us|{KEY}", "us|2024-02-29"),
        (ChainMapper(mappers=(period("day"), period("month", input_format="%Y-%m-%d"))), KEY, "2024-02"),
    ],
)
def test_mappers_give_the_keys_that_airflow_gives(mapper: Mapper, key: str, expected: str) -> None:
    assert map_key(mapper, key) == (expected,)


@pytest.mark.parametrize(
    ("unit", "window", "count", "first", "last"),
    [
        ("day", "day", 24, "2024-03-13T00", "2024-03-13T23"),
        ("week", "week", 7, "2024-03-11", "2024-03-17"),
        ("week", "-week", 7, "2024-03-05", "2024-03-11"),
        ("month", "-month", 29, "2024-02-02", "2024-03-01"),
        ("quarter", "quarter", 3, "2024-01", "2024-03"),
        ("year", "-year", 12, "2023-02", "2024-01"),
    ],
)
def test_a_key_may_fan_out(unit: str, window: str, count: int, first: str, last: str) -> None:
    finer = {"day": "hour", "week": "day", "month": "day", "quarter": "month", "year": "month"}
    mapper = FanOutMapper(
        mapper=period(unit),
        window=WindowSpec(unit=window.lstrip("-"), is_backward=window.startswith("-")),
        downstream=period(finer[unit]),
    )
    keys = map_key(mapper, "2024-03-13T10:00:00")
    assert (len(keys), keys[0], keys[-1]) == (count, first, last)
    few = FanOutMapper(
        mapper=mapper.mapper, window=mapper.window, downstream=mapper.downstream, max_keys=count - 1
    )
    with pytest.raises(PartitionKeyError, match=f"gives {count} keys, more than the {count - 1}"):
        map_key(few, "2024-03-13T10:00:00")


def test_a_roll_up_waits_for_all_keys_of_its_window() -> None:
    monthly = RollUpMapper(mapper=period("month", input_format="%Y-%m-%d"), window=WindowSpec(unit="month"))
    expected = expected_keys(monthly, "2024-02")
    assert (len(expected), min(expected), max(expected)) == (29, "2024-02-01", "2024-02-29")
    assert map_key(monthly, "2024-02-11") == ("2024-02",)
    assert is_complete(monthly, "2024-02", expected | {"2024-03-01"})
    assert not is_complete(monthly, "2024-02", expected - {"2024-02-07"})
    quarterly = RollUpMapper(
        mapper=period("quarter", input_format="%Y-%m"), window=WindowSpec(unit="quarter")
    )
    assert expected_keys(quarterly, "2024-Q4") == {"2024-10", "2024-11", "2024-12"}


@pytest.mark.parametrize(("minimum", "enough"), [(None, 3), (2, 2), (-2, 1), (-9, 0)])
def test_a_roll_up_may_wait_for_some_keys_only(minimum: int | None, enough: int) -> None:
    segments = ("apac", "eu", "us")
    mapper = RollUpMapper(
        mapper=FixedKeyMapper(key="all"), window=WindowSpec(segments=segments), minimum=minimum
    )
    counts = [is_complete(mapper, "all", set(segments[:count])) for count in range(4)]
    assert counts == [count >= enough for count in range(4)]


@pytest.mark.parametrize(
    ("mapper", "key", "expected"),
    [
        (period("week"), "2024-02-26 (W09)", datetime(2024, 2, 26, tzinfo=UTC)),
        (period("quarter"), "2024-Q3", datetime(2024, 7, 1, tzinfo=UTC)),
        (period("hour"), "2024-02-29T23", datetime(2024, 2, 29, 23, tzinfo=UTC)),
        (IdentityMapper(), "eu", None),
        (
            ProductMapper(mappers=(IdentityMapper(), period("day"))),
            "us|2024-02-29",
            datetime(2024, 2, 29, tzinfo=UTC),
        ),
        (ProductMapper(mappers=(period("day"), period("day"))), "2024-02-29|2024-03-01", None),
    ],
)
def test_a_key_of_a_period_says_when_it_begins(mapper: Mapper, key: str, expected: datetime | None) -> None:
    assert start_of(mapper, key) == expected


@pytest.mark.parametrize(
    ("mapper", "key", "message"),
    [
        (AllowedKeyMapper(keys=("eu",)), "us", "key 'us' is not among 'eu'"),
        (period("day"), "yesterday", "key 'yesterday' is not written as '%Y-%m-%dT%H:%M:%S'"),
        (ProductMapper(mappers=(IdentityMapper(), IdentityMapper())), "us", "has 1 parts between"),
    ],
)
def test_a_key_that_cannot_be_mapped_says_why(mapper: Mapper, key: str, message: str) -> None:
    with pytest.raises(PartitionKeyError, match=message):
        map_key(mapper, key)

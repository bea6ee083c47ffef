from __future__ import annotations

import collections
import enum
import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import attrs
import pendulum
import pydantic
import pytest

from etesian.protocol.reports import XComValue
from etesian.sdk.exceptions import XComSerializationError
from etesian.sdk.xcoms.xcom import (
    deserialize,
    length_of,
    present,
    register_serializer,
    serialize,
    to_xcom_value,
)


@dataclass
class Point:
    x: int
    tags: set[str] = field(default_factory=set)
    total: int = field(init=False, default=0)


@attrs.define
class Size:
    width: int


class Model(pydantic.BaseModel):
    day: date
    price: Decimal


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


Pair = collections.namedtuple("Pair", "a b")


class Money:
    def __init__(self, cents: int) -> None:
        self.cents = cents

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Money) and other.cents == self.cents

    def __hash__(self) -> int:
        return self.cents


PLAIN = [None, True, 0, -5, 1.5, "text", "ünï \U0001f600", [], {}, [1, [2, {"a": None}]], {"a": {"b": [1]}}]
TYPED = [
    2**100,
    float("inf"),
    (1, (2, "a")),
    {1, 2},
    frozenset({"a"}),
    b"\x00\xff",
    bytearray(b"a"),
    Decimal("1.50"),
    UUID("12345678123456781234567812345678"),
    date(2030, 1, 1),
    time(12, 30),
    timedelta(days=-1, microseconds=3),
    datetime(2030, 1, 1),
    datetime(2030, 1, 1, tzinfo=UTC),
    datetime(2030, 7, 1, 12, tzinfo=ZoneInfo("Europe/Oslo")),
    datetime(2030, 1, 1, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    datetime(2030, 10, 27, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Oslo")),
    ZoneInfo("Asia/Tokyo"),
    complex(1, 2),
    PurePosixPath("/data/x"),
    Point(1, {"a"}),
    Size(3),
    Model(day=date(2030, 1, 1), price=Decimal("9.99")),
    Colour.RED,
    {"__type__": "mine", "value": [1]},
    {"rows": [(1, Decimal(2))], "at": {"when": datetime(2030, 1, 1, tzinfo=UTC)}},
]


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_plain_json_is_written_as_it_is(value: Any) -> None:
    assert json.loads(serialize(value)) == value
    assert deserialize(serialize(value)) == value


@pytest.mark.parametrize("value", TYPED, ids=repr)
def test_other_types_come_back_as_what_they_were(value: Any) -> None:
    back = deserialize(serialize(value))
    assert back == value
    assert type(back) is type(value)


def test_the_second_of_two_equal_wall_times_stays_the_second() -> None:
    value = datetime(2030, 10, 27, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Oslo"))
    back = deserialize(serialize(value))
    assert (back.fold, back.utcoffset()) == (1, timedelta(hours=1))


@pytest.mark.parametrize("zone", ["UTC", "Europe/Paris", "+05:00"])
def test_pendulum_datetimes_stay_pendulum(zone: str) -> None:
    value = pendulum.parse(f"2030-01-01T00:00:00{zone}" if zone[0] == "+" else "2030-01-01T00:00:00")
    assert isinstance(value, pendulum.DateTime)
    value = value if zone[0] == "+" else value.in_timezone(zone)
    back = deserialize(serialize(value))
    assert isinstance(back, pendulum.DateTime)
    assert (back, back.isoformat()) == (value, value.isoformat())


def test_not_a_number_comes_back() -> None:
    back = deserialize(serialize(float("nan")))
    assert back != back


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({1: "a", None: "b", False: "c"}, {"1": "a", "null": "b", "false": "c"}),
        (Pair(1, 2), (1, 2)),
        (Level.HIGH, 3),
    ],
)
def test_what_json_cannot_keep_becomes_the_nearest_thing(value: Any, expected: Any) -> None:
    assert deserialize(serialize(value)) == expected


def test_fields_that_are_no_arguments_are_kept() -> None:
    point = Point(1)
    point.total = 7
    assert deserialize(serialize(point)).total == 7


def test_a_value_that_cannot_be_written_names_itself_its_place_and_its_type() -> None:
    with pytest.raises(XComSerializationError) as caught:
        serialize({"rows": [1, Money(5)]}, "the return value of task 'etl.load'")
    message = str(caught.value)
    assert message.startswith("the return value of task 'etl.load' has a part of type ")
    assert f"{__name__}.Money at ['rows'][1], which cannot be an XCom; return JSON" in message


def test_two_keys_that_become_one_text_are_an_error() -> None:
    with pytest.raises(XComSerializationError, match="has two keys that are the same as text, at \\['a'\\]"):
        serialize({"a": {1: "x", "1": "y"}})


def test_a_value_that_contains_itself_is_an_error() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(XComSerializationError, match="nested too deeply, or contains itself"):
        serialize(loop)


def test_text_that_is_not_unicode_is_an_error() -> None:
    with pytest.raises(XComSerializationError, match="not valid Unicode"):
        serialize("\ud800")


def test_reading_imports_nothing_that_the_data_names() -> None:
    stored = b'{"__type__":"object","value":{"class":"antigravity:fly","data":{}}}'
    with pytest.raises(
        XComSerializationError, match="'fly' of module 'antigravity', which is not imported here"
    ):
        deserialize(stored)


def test_reading_makes_no_object_of_something_that_is_no_class() -> None:
    stored = b'{"__type__":"object","value":{"class":"os:system","data":{"command":"true"}}}'
    with pytest.raises(XComSerializationError, match="'system' of module 'os'"):
        deserialize(stored)


def test_an_unknown_type_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(
        XComSerializationError, match="type 'money', which is not known here; import what registers it"
    ):
        deserialize(b'{"__type__":"money","value":1}')


def test_text_that_is_not_json_is_an_error() -> None:
    with pytest.raises(XComSerializationError, match="not JSON"):
        deserialize(b"{")


def test_a_type_can_be_taught() -> None:
    register_serializer(Money, name="test.money", dump=lambda money: money.cents, load=Money)
    assert deserialize(serialize([Money(5)])) == [Money(5)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (datetime(2030, 1, 1, tzinfo=UTC), "2030-01-01T00:00:00+00:00"),
        (timedelta(days=1, seconds=5), "1 day, 0:00:05"),
        ({"a": (1, Decimal("2.0"))}, {"a": [1, "2.0"]}),
        (Point(1, {"b"}), {"x": 1, "tags": ["b"], "total": 0}),
        ({"__type__": "x"}, {"__type__": "x"}),
    ],
)
def test_people_see_plain_values(value: Any, expected: Any) -> None:
    assert present(serialize(value)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [([1, 2], 2), ({"a": 1}, 1), ((), 0), ({1}, 1), ("abc", None), (b"abc", None), (5, None), (None, None)],
)
def test_the_length_is_what_mapping_over_the_value_gives(value: Any, expected: int | None) -> None:
    assert length_of(value) == expected


def test_values_are_sent_with_key_and_length() -> None:
    assert to_xcom_value("k", [1], "it") == XComValue(key="k", value=b"[1]", length=1)

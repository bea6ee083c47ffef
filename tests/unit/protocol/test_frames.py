"""Frames: what one end writes, the other end reads."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pendulum
import pytest

from etesian.protocol import frames
from etesian.protocol.frames import FrameError, FrameReader, encode_frame
from etesian.protocol.plain_values import to_plain
from etesian.protocol.requests import GetTaskStates, GetVariable, Request

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)


class Name(str):
    """As libraries make them, with methods of their own."""


class Count(int):
    """A number of somebody's class."""


class Share(float):
    """Another."""


def travelled(message: Any) -> Any:
    (received,) = FrameReader[Any](Request).feed(encode_frame(message))
    return received


def test_a_date_of_pendulum_arrives_as_the_same_moment() -> None:
    vienna = pendulum.datetime(2026, 3, 5, 13, tz="Europe/Vienna")
    received = travelled(GetTaskStates(dag_id="orders", logical_dates=(vienna,)))
    assert received.logical_dates == (NOON,)


def test_a_text_of_a_class_of_its_own_arrives_as_text() -> None:
    assert travelled(GetVariable(key=Name("region"))) == GetVariable(key="region")


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (pendulum.date(2026, 3, 5), date(2026, 3, 5)),
        (pendulum.duration(days=1, hours=2, microseconds=3), timedelta(days=1, hours=2, microseconds=3)),
        (pendulum.datetime(2026, 10, 25, 2, 30, tz="UTC"), datetime(2026, 10, 25, 2, 30, tzinfo=UTC)),
        (Name("region"), "region"),
        (Count(3), 3),
        (Share(0.5), 0.5),
    ],
)
def test_a_value_of_a_subclass_becomes_plain(value: object, plain: object) -> None:
    assert to_plain(value) == plain
    assert type(to_plain(value)) is type(plain)


def test_what_has_no_plain_form_is_named() -> None:
    with pytest.raises(
        TypeError, match=r"cannot hold <object object at .*, of type object; pass plain values"
    ):
        encode_frame(GetVariable(key=object()))  # type: ignore[arg-type]


def test_what_others_pass_on_must_leave_room_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "MAX_FRAME_BYTES", 1000)
    message = GetVariable(key="x" * 900)
    assert encode_frame(message)
    with pytest.raises(FrameError, match="over the limit of 800"):
        encode_frame(message, headroom_bytes=200)

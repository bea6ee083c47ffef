from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pendulum
import pytest
from dateutil.relativedelta import relativedelta

from etesian.sdk.exceptions import AirflowException
from etesian.sdk.time import timezone as zones
from etesian.sdk.time.dates import (
    cron_presets,
    date_range,
    days_ago,
    infer_time_unit,
    parse_execution_date,
    round_time,
    scale_time_units,
)

DAY = datetime(2030, 1, 1, tzinfo=UTC)


def test_days_ago_is_a_time_of_day_in_utc() -> None:
    moment = days_ago(2, hour=3)
    assert (moment.hour, moment.minute, moment.utcoffset()) == (3, 0, timedelta(0))
    assert timedelta(days=1) < zones.utcnow() - moment < timedelta(days=3)


def test_presets_name_their_cron_texts() -> None:
    assert (cron_presets["@daily"], cron_presets["@weekly"]) == ("0 0 * * *", "0 0 * * 0")


def test_a_range_goes_to_an_end_or_has_a_number_of_dates() -> None:
    day = timedelta(days=1)
    assert date_range(DAY, DAY + 2 * day, delta=day) == [DAY, DAY + day, DAY + 2 * day]
    assert date_range(DAY, num=2, delta=day) == [DAY, DAY + day]
    assert date_range(DAY, num=-2, delta=day) == [DAY - day, DAY]
    assert date_range(DAY, num=2, delta=relativedelta(months=1)) == [DAY, datetime(2030, 2, 1, tzinfo=UTC)]
    assert date_range(DAY) == []
    with pytest.raises(AirflowException, match="either end_date or num"):
        date_range(DAY, delta=day)
    with pytest.raises(AirflowException, match="takes a timedelta or a relativedelta"):
        date_range(DAY, num=2, delta="1d")


def test_times_are_rounded_down_to_whole_steps() -> None:
    moment = datetime(2030, 5, 17, 10, 47, tzinfo=UTC)
    assert round_time(moment, timedelta(hours=1)) == datetime(2030, 5, 17, 10, tzinfo=UTC)
    assert round_time(moment, relativedelta(months=1), DAY) == datetime(2030, 5, 1, tzinfo=UTC)


def test_units_suit_the_longest_time() -> None:
    assert [infer_time_unit([seconds]) for seconds in (5, 500, 50_000, 500_000)] == [
        "seconds",
        "minutes",
        "hours",
        "days",
    ]
    assert scale_time_units([60, 120], "minutes") == [1, 2]


def test_dates_are_parsed_in_utc_unless_they_say_otherwise() -> None:
    assert parse_execution_date("2030-01-01") == DAY
    assert parse_execution_date("2030-01-01T02:00:00+02:00") == DAY


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (DAY, DAY),
        (datetime(2030, 1, 1), DAY),
        (date(2030, 1, 1), DAY),
        ("2030-01-01T01:00:00+01:00", DAY),
        (pendulum.datetime(2030, 1, 1), DAY),
    ],
)
def test_everything_becomes_plain_utc(given: Any, expected: datetime) -> None:
    found = zones.convert_to_utc(given)
    assert (found, type(found), found.tzinfo) == (expected, datetime, UTC)


def test_moments_are_made_aware_and_naive() -> None:
    oslo = ZoneInfo("Europe/Oslo")
    assert zones.make_aware(datetime(2030, 1, 1, 1), "Europe/Oslo") == DAY
    assert zones.make_naive(DAY, oslo) == datetime(2030, 1, 1, 1)
    assert zones.make_naive(DAY) == datetime(2030, 1, 1)
    assert (zones.is_naive(datetime(2030, 1, 1)), zones.is_localized(DAY)) == (True, True)
    with pytest.raises(ValueError, match="expects a naive datetime"):
        zones.make_aware(DAY)
    with pytest.raises(ValueError, match="expects an aware datetime"):
        zones.make_naive(datetime(2030, 1, 1))


def test_helpers_that_files_import() -> None:
    assert zones.datetime(2030, 1, 1) == DAY
    assert zones.parse("2030-01-01") == DAY
    assert isinstance(zones.parse("2030-01-01T00:00:00+02:00"), pendulum.DateTime)
    assert zones.coerce_datetime(None) is None
    assert zones.coerce_datetime(datetime(2030, 1, 1)) == DAY
    assert zones.utc_epoch() == datetime(1970, 1, 1, tzinfo=UTC)
    assert zones.parse_timezone(3600).utcoffset(None) == timedelta(hours=1)
    assert zones.parse_timezone("Europe/Oslo") == ZoneInfo("Europe/Oslo")


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        (None, "UTC"),
        (UTC, "UTC"),
        (ZoneInfo("Asia/Tokyo"), "Asia/Tokyo"),
        (pendulum.timezone("Europe/Paris"), "Europe/Paris"),
        (timezone(-timedelta(hours=3, minutes=30)), "-03:30"),
        (timezone(timedelta(0)), "UTC"),
    ],
)
def test_zones_of_any_library_have_names(zone: Any, name: str) -> None:
    assert zones.zone_name(zone) == name


@pytest.mark.parametrize(
    ("value", "text"), [(None, None), (timedelta(days=1, seconds=61), "1d:1m:1s"), (3600, "1h"), (0.5, "<1s")]
)
def test_durations_are_written_for_people(value: Any, text: str | None) -> None:
    assert zones.td_format(value) == text

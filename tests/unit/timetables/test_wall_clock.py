"""The DST policy, by example; the whole tz database is in the property tests."""

from datetime import UTC, datetime

import pytest

from etesian.timetables.errors import UnknownTimezoneError
from etesian.timetables.wall_clock import EARLIEST, ZonedCron


def local_points(text: str, zone: str, start: str, count: int) -> list[str]:
    cron = ZonedCron.parse(text, zone)
    moment = datetime.fromisoformat(start).replace(tzinfo=cron.zone)
    points = []
    for _ in range(count):
        moment = cron.after(moment)
        points.append(moment.astimezone(cron.zone).isoformat()[5:])
    return points


def test_a_time_that_the_clock_jumps_over_runs_as_much_later():
    assert local_points("30 2 * * *", "America/New_York", "2026-03-07T03:00", 3) == [
        "03-08T03:30:00-04:00",
        "03-09T02:30:00-04:00",
        "03-10T02:30:00-04:00",
    ]


def test_two_wall_times_that_fall_on_one_moment_run_once():
    assert local_points("30 2,3 * * *", "America/New_York", "2026-03-08T00:00", 2) == [
        "03-08T03:30:00-04:00",
        "03-09T02:30:00-04:00",
    ]


def test_a_time_that_comes_twice_runs_at_its_second_occurrence_only():
    assert local_points("30 1 * * *", "America/New_York", "2026-10-31T12:00", 2) == [
        "11-01T01:30:00-05:00",
        "11-02T01:30:00-05:00",
    ]


def test_an_hourly_schedule_runs_in_both_of_two_equal_hours():
    assert local_points("30 * * * *", "Europe/Berlin", "2026-10-25T01:00", 4) == [
        "10-25T01:30:00+02:00",
        "10-25T02:30:00+02:00",
        "10-25T02:30:00+01:00",
        "10-25T03:30:00+01:00",
    ]


def test_a_jump_of_half_an_hour_keeps_minutes_on_the_wall_clock():
    assert local_points("0 * * * *", "Australia/Lord_Howe", "2026-10-04T01:00", 2) == [
        "10-04T02:30:00+11:00",
        "10-04T03:00:00+11:00",
    ]


def test_a_day_that_a_country_left_out_runs_once_with_the_day_after():
    assert local_points("0 12 * * *", "Pacific/Apia", "2011-12-29T00:00", 3) == [
        "12-29T12:00:00-10:00",
        "12-31T12:00:00+14:00",
        "01-01T12:00:00+14:00",
    ]


def test_fixed_offsets_are_zones_too():
    assert ZonedCron.parse("0 6 * * *", "+05:30").after(datetime(2026, 1, 1, tzinfo=UTC)) == datetime(
        2026, 1, 1, 0, 30, tzinfo=UTC
    )


def test_the_ends_of_time_are_safe():
    cron = ZonedCron.parse("0 6 * * *", "Europe/Berlin")
    assert cron.after(datetime.min.replace(tzinfo=UTC)) > EARLIEST
    assert cron.until(datetime.min.replace(tzinfo=UTC)) is None
    assert cron.after(datetime.max.replace(tzinfo=UTC)) is None
    assert cron.until(datetime.max.replace(tzinfo=UTC)).year == 9899


@pytest.mark.parametrize("name", ["Mars/Olympus", "+25:00", "", "../etc/passwd"])
def test_an_unknown_zone_is_refused_by_name(name):
    with pytest.raises(UnknownTimezoneError, match="is not known; use a name of the tz database") as caught:
        ZonedCron.parse("0 6 * * *", name)
    assert caught.value.name == name

"""The DST policy of cron schedules, against a slow definition, over the whole tz database."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etesian.timetables.wall_clock import ZonedCron

ZONES = sorted(available_timezones() - {"localtime"})
MINUTE = timedelta(minutes=1)


def numbers(low: int, high: int) -> st.SearchStrategy[str]:
    value = st.integers(low, high)
    return st.one_of(
        st.just("*"),
        value.map(str),
        st.lists(value, min_size=1, max_size=4, unique=True).map(lambda found: ",".join(map(str, found))),
        st.tuples(value, value).map(sorted).map(lambda ends: f"{ends[0]}-{ends[1]}"),
        st.integers(2, max(2, (high - low) // 2)).map(lambda step: f"*/{step}"),
    )


#: Minutes are a few at most, so that the slow definition stays affordable.
expressions = st.tuples(
    st.one_of(st.integers(0, 59).map(str), st.sampled_from(["*/15", "0,30", "7-9", "*/20"])),
    numbers(0, 23),
    st.one_of(st.just("*"), numbers(1, 31)),
    st.just("*"),
    st.one_of(st.just("*"), numbers(0, 6)),
).map(" ".join)


def transitions(zone: ZoneInfo, year: int) -> list[datetime]:
    """The hours of a year in which the zone's clock jumps."""
    hours = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in range(366 * 24)]
    offsets = [hour.astimezone(zone).utcoffset() for hour in hours]
    return [hour for hour, before, after in zip(hours, offsets, offsets[1:], strict=False) if before != after]


def field_holds(text: str, value: int, low: int, high: int) -> bool:
    """One cron field, by definition."""
    for item in text.split(","):
        body, _, step = item.partition("/")
        first, last = (low, high) if body == "*" else (int(body.split("-")[0]), int(body.split("-")[-1]))
        if first <= value <= last and (value - first) % int(step or 1) == 0:
            return True
    return False


def holds(expression: str, wall: datetime) -> bool:
    """A cron expression, by definition: both day fields restricted means either.

    A field that lists every value restricts nothing, but only beside one with a star; so croniter, and Airflow.
    """
    minute, hour, day, _, weekday = expression.split()
    by_day = field_holds(day, wall.day, 1, 31)
    by_weekday = field_holds(weekday, wall.isoweekday() % 7, 0, 6)
    any_day = day == "*" or ("*" in weekday and all(field_holds(day, value, 1, 31) for value in range(1, 32)))
    any_weekday = weekday == "*" or (
        "*" in day and all(field_holds(weekday, value, 0, 6) for value in range(7))
    )
    on_day = (by_day and by_weekday) if any_day or any_weekday else (by_day or by_weekday)
    return on_day and field_holds(minute, wall.minute, 0, 59) and field_holds(hour, wall.hour, 0, 23)


def points_by_definition(expression: str, zone: ZoneInfo, start: datetime, end: datetime) -> list[datetime]:
    """Every moment in (start, end] that the policy gives, from every minute of the wall clock."""
    every_hour = expression.split()[1] in ("*", "0-23")
    wall = (start - timedelta(hours=60)).astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)
    last = (end + timedelta(hours=60)).astimezone(zone).replace(tzinfo=None)
    found = set()
    while wall <= last:
        if holds(expression, wall):
            aware = wall.replace(tzinfo=zone)
            first, second = aware, aware.replace(fold=1)
            exists_twice = first.utcoffset() > second.utcoffset()
            if not exists_twice or every_hour:
                found.add(first.astimezone(UTC))
            if exists_twice:
                found.add(second.astimezone(UTC))
        wall += MINUTE
    return sorted(point for point in found if start < point <= end)


def walk(cron: ZonedCron, start: datetime, end: datetime) -> list[datetime]:
    points = []
    while (point := cron.after(points[-1] if points else start)) is not None and point <= end:
        points.append(point)
    return points


def walk_back(cron: ZonedCron, start: datetime, end: datetime) -> list[datetime]:
    points: list[datetime] = []
    moment = end
    while (point := cron.until(moment)) is not None and point > start:
        points.insert(0, point)
        moment = point - timedelta(microseconds=1)
    return points


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(ZONES), expressions, st.integers(1950, 2037), st.integers(0, 5), st.integers(0, 5000))
def test_points_around_every_jump_of_every_clock_are_those_of_the_definition(
    zone_name, expression, year, which, minutes
):
    zone = ZoneInfo(zone_name)
    jumps = transitions(zone, year) or [datetime(year, 3, 1, tzinfo=UTC)]
    start = jumps[which % len(jumps)] - timedelta(minutes=minutes)
    end = start + timedelta(days=4)
    cron = ZonedCron.parse(expression, zone_name)
    expected = points_by_definition(expression, zone, start, end)
    assert walk(cron, start, end) == expected
    assert walk_back(cron, start, end) == expected


def zones_with_clocks_of_their_own(start: datetime, end: datetime) -> list[str]:
    """One zone for each way that clocks jump between two dates."""
    days = [start + timedelta(days=day) for day in range((end - start).days + 1)]
    by_offsets = {tuple(day.astimezone(ZoneInfo(name)).utcoffset() for day in days): name for name in ZONES}
    return sorted(by_offsets.values())


@pytest.mark.parametrize("expression", ["30 2 * * *", "0 0 * * *", "59 23 * * *"])
def test_a_daily_schedule_gives_one_point_per_day_in_every_zone(expression):
    start, end = datetime(2023, 12, 31, tzinfo=UTC), datetime(2025, 1, 31, tzinfo=UTC)
    for name in zones_with_clocks_of_their_own(start, end):
        points = walk(ZonedCron.parse(expression, name), start, end)
        gaps = {later - earlier for earlier, later in pairwise(points)}
        assert (end - start).days == len(points), name
        assert timedelta(hours=22) <= min(gaps), name
        assert max(gaps) <= timedelta(hours=26), name


def test_an_hourly_schedule_never_waits_longer_than_an_hour_where_clocks_jump_whole_hours():
    start, end = datetime(2025, 3, 1, tzinfo=UTC), datetime(2025, 11, 15, tzinfo=UTC)
    for name in zones_with_clocks_of_their_own(start, end):
        points = walk(ZonedCron.parse("0 * * * *", name), start, end)
        gaps = {later - earlier for earlier, later in pairwise(points)}
        half_hour_jumps = name in ("Australia/Lord_Howe", "Australia/LHI")
        assert max(gaps) == timedelta(minutes=90 if half_hour_jumps else 60), name


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(ZONES), expressions, st.datetimes(datetime(1960, 1, 1), datetime(2100, 1, 1)))
def test_next_and_last_are_inverse(zone_name, expression, wall):
    cron = ZonedCron.parse(expression, zone_name)
    moment = wall.replace(tzinfo=UTC)
    upcoming = cron.after(moment)
    assert upcoming is not None
    assert upcoming > moment
    assert cron.until(upcoming) == upcoming
    last = cron.until(moment)
    assert last is not None
    assert last <= moment
    assert cron.after(last) == upcoming

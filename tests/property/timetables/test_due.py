"""Every schedule point gives one run: none is skipped, none comes twice, whatever the clock does."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from etesian.spec.schedule import (
    CronIntervalSchedule,
    CronTriggerSchedule,
    DeltaIntervalSchedule,
    DeltaTriggerSchedule,
    EventsSchedule,
    Schedule,
    SchedulePoint,
)
from etesian.timetables import next_point, points_between

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Kolkata",
    "-03:30",
)
CRONS = (
    "*/15 * * * *",
    "0 * * * *",
    "30 2 * * *",
    "0 0 * * 1",
    "0 6,18 * * *",
    "15 1-3 * * *",
    "0 0 L * *",
    "0 0 1 */3 *",
)

moments = st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1)).map(lambda wall: wall.replace(tzinfo=UTC))
zones, crons = st.sampled_from(ZONES), st.sampled_from(CRONS)
seconds = st.sampled_from((60.0, 5400.0, 86400.0, 604800.0))
interval_schedules = st.one_of(
    st.builds(CronIntervalSchedule, expression=crons, timezone=zones),
    st.builds(DeltaIntervalSchedule, seconds=seconds),
    st.builds(DeltaIntervalSchedule, months=st.integers(1, 14), seconds=st.sampled_from((0.0, 3600.0))),
)
trigger_schedules = st.one_of(
    st.builds(
        CronTriggerSchedule,
        expressions=st.lists(crons, min_size=1, max_size=3).map(tuple),
        timezone=zones,
        interval_seconds=st.sampled_from((0.0, 86400.0)),
    ),
    st.builds(DeltaTriggerSchedule, seconds=seconds),
    st.builds(DeltaTriggerSchedule, months=st.integers(1, 14)),
    st.builds(EventsSchedule, dates=st.lists(moments, min_size=1, max_size=9).map(tuple)),
)
schedules = interval_schedules | trigger_schedules


def caught_up(schedule: Schedule, start: datetime, count: int) -> list[SchedulePoint]:
    end = datetime(2090, 1, 1, tzinfo=UTC)
    return list(islice(points_between(schedule, start, end), count))


@settings(max_examples=300, deadline=None)
@given(schedules, moments)
def test_catch_up_moves_forward_from_the_start_date(schedule, start):
    points = caught_up(schedule, start, 40)
    assert all(earlier.run_after < later.run_after for earlier, later in pairwise(points))
    assert all(earlier.logical_date < later.logical_date for earlier, later in pairwise(points))
    assert all(point.run_after >= start for point in points)


@settings(max_examples=300, deadline=None)
@given(interval_schedules, moments)
def test_periods_have_neither_gap_nor_overlap(schedule, start):
    points = caught_up(schedule, start, 40)
    assert all(earlier.data_interval_end == later.data_interval_start for earlier, later in pairwise(points))


@settings(max_examples=300, deadline=None)
@given(schedules, moments, st.integers(0, 30), st.integers(0, 7200))
def test_without_catch_up_a_late_scheduler_runs_the_newest_point_and_then_goes_on(
    schedule, start, missed, late_by
):
    points = caught_up(schedule, start, missed + 3)
    if len(points) < missed + 2:
        return
    first, newest = points[0], points[missed]
    now = min(
        newest.run_after + timedelta(seconds=late_by), points[missed + 1].run_after - timedelta(seconds=1)
    )
    now = max(now, newest.run_after)
    found = next_point(schedule, previous=first, start=start, end=None, catchup=False, now=now)
    assert found == (newest if missed else points[1])


@settings(max_examples=300, deadline=None)
@given(
    schedules, moments, st.lists(st.integers(-86400 * 3, 86400 * 40), min_size=1, max_size=20), st.booleans()
)
def test_no_point_comes_twice_however_the_clock_steps(schedule, start, steps, catchup):
    now, previous, points = start, None, []
    for step in steps:
        now += timedelta(seconds=step)
        point = next_point(schedule, previous=previous, start=start, end=None, catchup=catchup, now=now)
        if point is not None and point.run_after <= now:
            points.append(point)
            previous = point
    assert len({point.logical_date for point in points}) == len(points)
    assert all(earlier.run_after < later.run_after for earlier, later in pairwise(points))


@settings(max_examples=200, deadline=None)
@given(schedules, moments, moments)
def test_asking_again_gives_the_same_point(schedule, start, now):
    """A restart between two looks loses nothing."""
    first = next_point(schedule, previous=None, start=start, end=None, catchup=False, now=now)
    if first is None or first.run_after <= now:
        return
    again = next_point(schedule, previous=None, start=start, end=None, catchup=False, now=first.run_after)
    assert again == first

"""When each kind of schedule is due. Unless a name says otherwise, the dates are what Airflow 3.3.2 gives."""

from datetime import UTC, datetime, timedelta

import pytest

from etesian.spec.asset import AssetSpec
from etesian.spec.schedule import (
    AssetOrTimeSchedule,
    AssetSchedule,
    ContinuousSchedule,
    CronIntervalSchedule,
    CronTriggerSchedule,
    CustomSchedule,
    DeltaIntervalSchedule,
    DeltaTriggerSchedule,
    EventsSchedule,
    NoSchedule,
    OnceSchedule,
    SchedulePoint,
)
from etesian.timetables import InvalidScheduleError, manual_interval, next_point, points_between, preview

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


NOW = at("11-23T15:30")
START = at("01-01T00:00")


def due(schedule, *, previous=None, start=START, end=None, catchup=False, now=NOW):
    point = next_point(schedule, previous=previous, start=start, end=end, catchup=catchup, now=now)
    return None if point is None else (point.data_interval_start, point.run_after)


def ran(start: datetime, end: datetime | None = None) -> SchedulePoint:
    end = end or start
    return SchedulePoint(run_after=end, logical_date=start, data_interval_start=start, data_interval_end=end)


DAILY = CronTriggerSchedule(expressions=("0 16 * * *",))
DAILY_INTERVAL = CronIntervalSchedule(expression="0 16 * * *")


class TestCronTrigger:
    def test_catch_up_begins_with_the_first_time_from_the_start_date(self):
        assert due(DAILY, catchup=True) == (at("01-01T16:00"), at("01-01T16:00"))

    def test_a_start_date_on_a_cron_time_counts(self):
        assert due(DAILY, start=at("01-01T16:00"), catchup=True) == (at("01-01T16:00"), at("01-01T16:00"))

    def test_without_catch_up_the_newest_missed_time_runs_at_once(self):
        assert due(DAILY) == (at("11-22T16:00"), at("11-22T16:00"))

    def test_without_catch_up_times_missed_since_the_last_run_shrink_to_the_newest(self):
        assert due(DAILY, previous=ran(at("11-10T16:00"))) == (at("11-22T16:00"), at("11-22T16:00"))

    def test_after_the_newest_time_the_next_one_follows(self):
        assert due(DAILY, previous=ran(at("11-22T16:00"))) == (at("11-23T16:00"), at("11-23T16:00"))

    def test_a_cron_time_that_is_now_is_due(self):
        assert due(DAILY, now=at("11-23T16:00")) == (at("11-23T16:00"), at("11-23T16:00"))

    def test_the_interval_ends_at_the_cron_time(self):
        schedule = CronTriggerSchedule(expressions=("0 16 * * *",), interval_seconds=3600, interval_months=1)
        assert due(schedule) == (at("10-22T15:00"), at("11-22T16:00"))

    def test_a_start_date_in_the_future_waits(self):
        assert due(DAILY, start=at("12-01T16:30")) == (at("12-02T16:00"), at("12-02T16:00"))

    def test_no_run_lies_behind_the_end_date(self):
        assert due(DAILY, end=at("11-22T15:59")) is None
        assert due(DAILY, end=at("11-22T16:00")) == (at("11-22T16:00"), at("11-22T16:00"))

    def test_without_a_start_date_a_new_dag_waits_for_the_next_time(self):
        assert due(DAILY, start=None) == (at("11-23T16:00"), at("11-23T16:00"))

    def test_without_a_start_date_a_time_that_passed_less_than_a_tenth_of_the_period_ago_still_runs(self):
        assert due(DAILY, start=None, now=at("11-23T18:20")) == (at("11-23T16:00"), at("11-23T16:00"))
        assert due(DAILY, start=None, now=at("11-23T18:25")) == (at("11-24T16:00"), at("11-24T16:00"))

    def test_run_immediately_runs_the_time_that_has_passed(self):
        schedule = CronTriggerSchedule(expressions=("0 16 * * *",), run_immediately=True)
        assert due(schedule, start=None) == (at("11-22T16:00"), at("11-22T16:00"))

    @pytest.mark.parametrize(("seconds", "expected"), [(86400.0, "11-22T16:00"), (60.0, "11-23T16:00")])
    def test_run_immediately_may_be_limited_to_a_delay(self, seconds, expected):
        schedule = CronTriggerSchedule(expressions=("0 16 * * *",), run_immediately=seconds)
        assert due(schedule, start=None) == (at(expected), at(expected))

    def test_several_expressions_give_the_union_of_their_times(self):
        schedule = CronTriggerSchedule(expressions=("0 6 * * *", "0 18 * * *", "0 6 * * 1"))
        points = points_between(schedule, at("11-22T00:00"), at("11-23T23:00"))
        assert [point.run_after for point in points] == [
            at("11-22T06:00"),
            at("11-22T18:00"),
            at("11-23T06:00"),
            at("11-23T18:00"),
        ]

    def test_a_manual_run_covers_the_interval_before_it(self):
        schedule = CronTriggerSchedule(expressions=("0 16 * * *",), interval_seconds=86400)
        assert manual_interval(schedule, NOW) == (NOW - DAY, NOW)


class TestCronInterval:
    def test_catch_up_begins_with_the_first_whole_period(self):
        assert due(DAILY_INTERVAL, catchup=True) == (at("01-01T16:00"), at("01-02T16:00"))

    def test_without_catch_up_the_newest_complete_period_runs_at_once(self):
        assert due(DAILY_INTERVAL) == (at("11-21T16:00"), at("11-22T16:00"))

    def test_a_period_that_ends_now_is_complete(self):
        assert due(DAILY_INTERVAL, now=at("11-23T16:00")) == (at("11-22T16:00"), at("11-23T16:00"))

    def test_periods_follow_one_another(self):
        previous = ran(at("11-21T16:00"), at("11-22T16:00"))
        assert due(DAILY_INTERVAL, previous=previous) == (at("11-22T16:00"), at("11-23T16:00"))

    def test_a_start_date_inside_a_period_begins_with_the_next_one(self):
        assert due(DAILY_INTERVAL, start=at("11-22T17:00")) == (at("11-23T16:00"), at("11-24T16:00"))

    def test_the_end_date_bounds_the_start_of_the_period(self):
        assert due(DAILY_INTERVAL, end=at("11-21T16:00")) == (at("11-21T16:00"), at("11-22T16:00"))
        assert due(DAILY_INTERVAL, end=at("11-21T15:00")) is None

    def test_a_schedule_that_became_coarser_never_repeats_a_logical_date(self):
        previous = ran(at("11-01T00:00"), at("11-02T00:00"))
        monthly = CronIntervalSchedule(expression="@monthly")
        assert due(monthly, previous=previous, catchup=True) == (
            at("12-01T00:00"),
            datetime(2027, 1, 1, tzinfo=UTC),
        )

    def test_a_manual_run_covers_the_newest_complete_period(self):
        assert manual_interval(DAILY_INTERVAL, NOW) == (at("11-21T16:00"), at("11-22T16:00"))

    def test_without_a_start_date_catch_up_begins_now_where_airflow_would_never_run(self):
        assert due(DAILY_INTERVAL, start=None, catchup=True) == (at("11-21T16:00"), at("11-22T16:00"))

    def test_without_a_start_date_catch_up_skips_nothing_after_the_first_run(self):
        previous = ran(at("11-10T16:00"), at("11-11T16:00"))
        assert due(DAILY_INTERVAL, start=None, catchup=True, previous=previous) == (
            at("11-11T16:00"),
            at("11-12T16:00"),
        )


class TestDelta:
    def test_a_trigger_fires_at_the_start_date_and_every_delta_from_it(self):
        schedule = DeltaTriggerSchedule(seconds=3 * 3600)
        assert due(schedule, catchup=True) == (START, START)
        assert due(schedule, catchup=True, previous=ran(START)) == (START + 3 * HOUR, START + 3 * HOUR)

    def test_a_late_trigger_keeps_its_phase_where_airflow_would_drift(self):
        schedule = DeltaTriggerSchedule(seconds=3600)
        assert due(schedule, previous=ran(at("11-23T10:10"))) == (at("11-23T15:10"), at("11-23T15:10"))

    def test_a_trigger_without_a_start_date_fires_now(self):
        assert due(DeltaTriggerSchedule(seconds=3600), start=None) == (NOW, NOW)

    def test_an_interval_fires_at_its_end(self):
        assert due(DeltaIntervalSchedule(seconds=86400), catchup=True) == (START, START + DAY)

    def test_the_first_interval_without_catch_up_is_the_newest_whole_one_counted_from_the_epoch(self):
        schedule = DeltaIntervalSchedule(seconds=86400)
        assert due(schedule, start=at("01-01T06:30")) == (at("11-22T00:00"), at("11-23T00:00"))

    def test_a_start_date_in_the_newest_period_sets_the_phase(self):
        schedule = DeltaIntervalSchedule(seconds=86400)
        assert due(schedule, start=at("11-23T06:30")) == (at("11-23T06:30"), at("11-24T06:30"))

    def test_months_count_from_the_day_of_the_start_date(self):
        schedule = DeltaTriggerSchedule(months=1)
        points = points_between(schedule, at("01-31T06:00"), at("05-01T00:00"))
        assert [point.run_after for point in points] == [
            at("01-31T06:00"),
            at("02-28T06:00"),
            at("03-31T06:00"),
            at("04-30T06:00"),
        ]

    def test_months_without_catch_up_cover_the_newest_whole_month(self):
        assert due(DeltaIntervalSchedule(months=1)) == (at("10-01T00:00"), at("11-01T00:00"))

    def test_a_manual_run_covers_one_delta(self):
        assert manual_interval(DeltaIntervalSchedule(seconds=3600), NOW) == (NOW - HOUR, NOW)

    @pytest.mark.parametrize("schedule", [DeltaTriggerSchedule(), DeltaIntervalSchedule(seconds=-60)])
    def test_steps_that_do_not_lead_forward_are_refused(self, schedule):
        with pytest.raises(InvalidScheduleError, match="must step forward"):
            due(schedule)


class TestEvents:
    DATES = EventsSchedule(dates=(at("12-01T00:00"), at("11-20T00:00"), at("11-22T00:00")))

    def test_a_new_dag_waits_for_the_next_event(self):
        assert due(self.DATES) == (at("12-01T00:00"), at("12-01T00:00"))

    def test_catch_up_runs_every_event_since_the_start_date(self):
        assert due(self.DATES, catchup=True) == (at("11-20T00:00"), at("11-20T00:00"))
        assert due(self.DATES, catchup=True, previous=ran(at("11-20T00:00"))) == (
            at("11-22T00:00"),
            at("11-22T00:00"),
        )

    def test_an_event_missed_since_the_last_run_is_not_lost_as_it_is_in_airflow(self):
        assert due(self.DATES, previous=ran(at("11-20T00:00"))) == (at("11-22T00:00"), at("11-22T00:00"))

    def test_after_the_last_event_there_is_none(self):
        assert due(self.DATES, previous=ran(at("12-01T00:00"))) is None

    def test_a_manual_run_may_be_bound_to_the_newest_event(self):
        bound = EventsSchedule(dates=self.DATES.dates, restrict_to_events=True)
        assert manual_interval(bound, NOW) == (at("11-22T00:00"), at("11-22T00:00"))
        assert manual_interval(bound, START) == (at("11-20T00:00"), at("11-20T00:00"))
        assert manual_interval(self.DATES, NOW) == (NOW, NOW)


class TestOthers:
    def test_once_runs_at_the_start_date_whatever_catch_up_says(self):
        assert due(OnceSchedule()) == (START, START)
        assert due(OnceSchedule(), start=None) == (NOW, NOW)
        assert due(OnceSchedule(), previous=ran(START)) is None
        assert due(OnceSchedule(), end=START - DAY) is None

    def test_continuous_covers_the_time_since_the_last_run(self):
        previous = ran(at("11-23T14:00"), at("11-23T15:00"))
        assert due(ContinuousSchedule(), previous=previous) == (at("11-23T15:00"), NOW)

    def test_two_continuous_runs_never_share_a_logical_date(self):
        first = next_point(ContinuousSchedule(), previous=None, start=None, end=None, catchup=False, now=NOW)
        second = next_point(
            ContinuousSchedule(), previous=first, start=None, end=None, catchup=False, now=NOW
        )
        third = next_point(
            ContinuousSchedule(), previous=second, start=None, end=None, catchup=False, now=NOW
        )
        assert len({point.logical_date for point in (first, second, third)}) == 3

    @pytest.mark.parametrize(
        "schedule", [NoSchedule(), AssetSchedule(condition=AssetSpec(name="a", uri="a"))]
    )
    def test_a_schedule_without_time_is_never_due(self, schedule):
        assert due(schedule) is None
        assert manual_interval(schedule, NOW) == (NOW, NOW)

    def test_asset_or_time_follows_its_time_part(self):
        schedule = AssetOrTimeSchedule(condition=AssetSpec(name="a", uri="a"), timetable=DAILY_INTERVAL)
        assert due(schedule) == due(DAILY_INTERVAL)
        assert manual_interval(schedule, NOW) == manual_interval(DAILY_INTERVAL, NOW)

    def test_a_custom_timetable_gives_the_points_it_listed(self):
        points = tuple(ran(at(f"11-{day}T00:00"), at(f"11-{day}T06:00")) for day in (20, 22, 25))
        schedule = CustomSchedule(class_path="plugins.Workdays", points=points)
        assert due(schedule, catchup=True) == (at("11-20T00:00"), at("11-20T06:00"))
        assert due(schedule) == (at("11-22T00:00"), at("11-22T06:00"))
        assert due(schedule, previous=points[1]) == (at("11-25T00:00"), at("11-25T06:00"))
        assert due(schedule, previous=points[2]) is None

    def test_a_clock_that_was_set_back_gives_no_point_twice(self):
        point = next_point(DAILY, previous=None, start=START, end=None, catchup=False, now=NOW)
        assert due(DAILY, previous=point, now=NOW - 30 * DAY) == (at("11-23T16:00"), at("11-23T16:00"))

    def test_a_preview_shows_points_to_come(self):
        points = preview(DAILY_INTERVAL, START, NOW, 2)
        assert [point.run_after for point in points] == [at("11-23T16:00"), at("11-24T16:00")]
        assert preview(NoSchedule(), START, NOW, 2) == ()
        assert len(preview(ContinuousSchedule(), at("12-01T00:00"), NOW, 5)) == 1

    def test_a_backfill_of_once_is_one_run_and_of_continuous_none(self):
        assert [point.run_after for point in points_between(OnceSchedule(), START, NOW)] == [START]
        assert list(points_between(ContinuousSchedule(), START, NOW)) == []


@pytest.mark.parametrize("catchup", [False, True])
@pytest.mark.parametrize(
    "schedule",
    [
        DAILY,
        DAILY_INTERVAL,
        DeltaTriggerSchedule(seconds=86400.0),
        DeltaIntervalSchedule(seconds=86400.0),
        DeltaIntervalSchedule(seconds=0.0, months=1),
        DeltaTriggerSchedule(seconds=999_999_999 * 86400.0),
        DeltaIntervalSchedule(seconds=999_999_999 * 86400.0),
    ],
)
@pytest.mark.parametrize("start", [datetime.min, datetime.max, datetime(9999, 12, 30)])
def test_the_ends_of_the_calendar_are_no_accident(schedule, start, catchup):
    point = next_point(
        schedule, previous=None, start=start.replace(tzinfo=UTC), end=None, catchup=catchup, now=NOW
    )
    assert point is None or point.run_after >= start.replace(tzinfo=UTC)

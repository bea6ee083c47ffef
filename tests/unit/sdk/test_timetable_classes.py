"""Timetables as authors give them, and what the spec says of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pendulum
import pytest
from dateutil.relativedelta import relativedelta

from etesian.sdk.assets.asset import Asset, AssetAll
from etesian.sdk.exceptions import AirflowTimetableInvalid
from etesian.sdk.timetables.timetable_base import (
    DagRunInfo,
    DataInterval,
    TimeRestriction,
    Timetable,
    compute_points,
)
from etesian.sdk.timetables.timetable_classes import (
    AssetOrTimeSchedule,
    AssetTriggeredTimetable,
    ContinuousTimetable,
    CronDataIntervalTimetable,
    CronTriggerTimetable,
    DeltaDataIntervalTimetable,
    DeltaTriggerTimetable,
    EventsTimetable,
    MultipleCronTriggerTimetable,
    NullTimetable,
    OnceTimetable,
    custom_parts,
)
from etesian.spec import schedule as spec

DAY = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("timetable", "expected"),
    [
        (NullTimetable(), spec.NoSchedule()),
        (OnceTimetable(), spec.OnceSchedule()),
        (ContinuousTimetable(), spec.ContinuousSchedule()),
        (
            CronTriggerTimetable("0 1 * * *", timezone="Europe/Oslo", interval=timedelta(hours=1)),
            spec.CronTriggerSchedule(
                expressions=("0 1 * * *",), timezone="Europe/Oslo", interval_seconds=3600.0
            ),
        ),
        (
            CronTriggerTimetable(
                "@daily", timezone=pendulum.timezone("UTC"), run_immediately=timedelta(minutes=5)
            ),
            spec.CronTriggerSchedule(expressions=("@daily",), run_immediately=300.0),
        ),
        (
            MultipleCronTriggerTimetable("0 1 * * *", "0 2 * * *", timezone=ZoneInfo("Asia/Tokyo")),
            spec.CronTriggerSchedule(expressions=("0 1 * * *", "0 2 * * *"), timezone="Asia/Tokyo"),
        ),
        (
            CronDataIntervalTimetable("0 1 * * *", timezone(timedelta(hours=2))),
            spec.CronIntervalSchedule(expression="0 1 * * *", timezone="UTC+02:00"),
        ),
        (
            DeltaTriggerTimetable(timedelta(hours=6), interval=timedelta(hours=1)),
            spec.DeltaTriggerSchedule(seconds=21600.0, interval_seconds=3600.0),
        ),
        (
            DeltaDataIntervalTimetable(relativedelta(months=1, days=1)),
            spec.DeltaIntervalSchedule(seconds=86400.0, months=1),
        ),
        (
            EventsTimetable([DAY + timedelta(days=1), DAY, DAY], restrict_to_events=True, description="two"),
            spec.EventsSchedule(
                dates=(DAY, DAY + timedelta(days=1)), restrict_to_events=True, description="two"
            ),
        ),
        (
            AssetTriggeredTimetable([Asset("a")]),
            spec.AssetSchedule(condition=AssetAll(Asset("a")).to_spec()),
        ),
        (
            AssetOrTimeSchedule(timetable=OnceTimetable(), assets=Asset("a")),
            spec.AssetOrTimeSchedule(condition=Asset("a").to_spec(), timetable=spec.OnceSchedule()),
        ),
    ],
)
def test_a_timetable_is_described(timetable: Timetable, expected: spec.Schedule) -> None:
    described = timetable.to_schedule()
    if isinstance(described, spec.CronIntervalSchedule):
        assert described.timezone in ("UTC+02:00", "+02:00")
    else:
        assert described == expected


@pytest.mark.parametrize(
    "make",
    [
        lambda: MultipleCronTriggerTimetable(),
        lambda: DeltaTriggerTimetable(timedelta(0)).to_schedule(),
        lambda: DeltaTriggerTimetable(-timedelta(days=1)).to_schedule(),
        lambda: DeltaDataIntervalTimetable("1d").to_schedule(),
        lambda: DeltaDataIntervalTimetable(relativedelta(hour=3)).to_schedule(),
        lambda: EventsTimetable([datetime(2030, 1, 1)]),
        lambda: AssetOrTimeSchedule(timetable=OnceTimetable(), assets=[]),
        lambda: AssetOrTimeSchedule(
            timetable=AssetTriggeredTimetable(Asset("a")), assets=Asset("b")
        ).to_schedule(),
    ],
)
def test_a_timetable_that_makes_no_sense_is_refused(make: Any) -> None:
    with pytest.raises(AirflowTimetableInvalid):
        make()


def test_a_native_timetable_answers_for_authors_who_build_on_it() -> None:
    timetable = CronDataIntervalTimetable("@daily", "UTC")
    info = timetable.next_dagrun_info(
        last_automated_data_interval=DataInterval(DAY, DAY + timedelta(days=1)),
        restriction=TimeRestriction(earliest=DAY, latest=None, catchup=True),
    )
    assert info is not None
    assert (info.logical_date, info.run_after) == (DAY + timedelta(days=1), DAY + timedelta(days=2))
    assert timetable.infer_manual_data_interval(run_after=DAY).end == DAY
    assert (
        NullTimetable().next_dagrun_info(
            last_automated_data_interval=None, restriction=TimeRestriction(None, None, True)
        )
        is None
    )


class Workdays(Timetable):
    """Midnight after each workday."""

    description = "after workdays"

    def __init__(self, hour: int = 0) -> None:
        self.hour = hour

    def serialize(self) -> dict[str, Any]:
        return {"hour": self.hour}

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        start = (
            restriction.earliest if last_automated_data_interval is None else last_automated_data_interval.end
        )
        assert start is not None
        while start.isoweekday() > 5:
            start += timedelta(days=1)
        if restriction.latest is not None and start > restriction.latest:
            return None
        return DagRunInfo.interval(start, start + timedelta(days=1))


class Backwards(CronTriggerTimetable):
    """Does not move forward."""

    def next_dagrun_info(self, **_: Any) -> DagRunInfo | None:
        return DagRunInfo.exact(DAY)


def test_a_custom_timetable_is_described_by_class_and_data() -> None:
    described = Workdays(hour=3).to_schedule()
    assert isinstance(described, spec.CustomSchedule)
    assert described.class_path.endswith("Workdays")
    assert (described.data, described.description) == ({"hour": 3}, "after workdays")
    assert Workdays.deserialize(described.data).hour == 3
    assert custom_parts(described) is described
    assert custom_parts(spec.NoSchedule()) is None
    both = AssetOrTimeSchedule(timetable=Workdays(), assets=Asset("a")).to_schedule()
    assert isinstance(custom_parts(both), spec.CustomSchedule)


def test_points_of_a_custom_timetable_follow_the_last_one() -> None:
    restriction = TimeRestriction(
        earliest=DAY, latest=DAY + timedelta(days=6), catchup=True
    )  # a Tuesday to a Monday
    points = compute_points(Workdays(), restriction)
    assert [point.logical_date.day for point in points if point.logical_date] == [1, 2, 3, 4, 7]
    assert compute_points(Workdays(), restriction, last=points[2]) == points[3:]
    assert compute_points(Workdays(), restriction, limit=2) == points[:2]


def test_a_native_class_with_rules_of_its_own_is_a_custom_timetable() -> None:
    timetable = Backwards("@daily", timezone="UTC")
    assert isinstance(timetable.to_schedule(), spec.CustomSchedule)
    with pytest.raises(AirflowTimetableInvalid, match="must move forward"):
        compute_points(timetable, TimeRestriction(None, None, True))

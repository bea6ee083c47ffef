"""Partitioned schedules as authors write them."""

from __future__ import annotations

from typing import Any

import pytest

from etesian import DAG, Asset
from etesian.sdk.assets.partition_mappers import (
    AllowedKeyMapper,
    FanOutMapper,
    FixedKeyMapper,
    IdentityMapper,
    PartitionMapper,
    ProductMapper,
    RollupMapper,
    StartOfDayMapper,
    StartOfHourMapper,
    StartOfWeekMapper,
)
from etesian.sdk.assets.partition_windows import (
    DayWindow,
    HourWindow,
    MinimumCount,
    SegmentWindow,
    WeekWindow,
    Window,
)
from etesian.sdk.dags.spec_building import build_spec
from etesian.sdk.exceptions import AirflowTimetableInvalid
from etesian.sdk.timetables.partition_timetables import (
    CronPartitionTimetable,
    PartitionedAssetTimetable,
    PartitionedAtRuntime,
)
from etesian.spec import partition as spec
from etesian.spec.codec import decode_dag, encode_dag
from etesian.spec.schedule import AssetSchedule, CronTriggerSchedule, NoSchedule, Schedule

ORDERS, PRICES = Asset("orders"), Asset("prices")
DAY = spec.PeriodMapper(unit="day", output_format="%Y-%m-%d")


def schedule_of(timetable: Any) -> Schedule:
    """Return the schedule as it comes back from the store."""
    return decode_dag(encode_dag(build_spec(DAG("etl", schedule=timetable), file="etl.py"))).schedule


def test_partitioned_schedules_are_described() -> None:
    cron = CronPartitionTimetable("0 * * * *", timezone="Asia/Tokyo", run_offset=-1, key_format="%Y-%m-%d")
    assert schedule_of(cron) == CronTriggerSchedule(
        expressions=("0 * * * *",),
        timezone="Asia/Tokyo",
        partition=spec.CronPartition(key_format="%Y-%m-%d", offset=-1),
    )
    both = PartitionedAssetTimetable(
        assets=ORDERS & PRICES, partition_mapper_config={PRICES: StartOfDayMapper()}
    )
    schedule = schedule_of(both)
    assert isinstance(schedule, AssetSchedule)
    assert schedule.partitions == spec.AssetPartitions(
        mappings=(spec.AssetMapping(asset=PRICES.to_spec(), mapper=DAY),)
    )
    assert schedule_of(PartitionedAtRuntime()) == NoSchedule()


@pytest.mark.parametrize(
    ("mapper", "expected"),
    [
        (IdentityMapper(), spec.IdentityMapper()),
        (AllowedKeyMapper(["eu"]), spec.AllowedKeyMapper(keys=("eu",))),
        (
            StartOfDayMapper(max_downstream_keys=2),
            spec.PeriodMapper(unit="day", output_format="%Y-%m-%d", max_keys=2),
        ),
        (
            ProductMapper(IdentityMapper(), StartOfDayMapper()),
            spec.ProductMapper(mappers=(spec.IdentityMapper(), DAY)),
        ),
        (
            RollupMapper(
                upstream_mapper=StartOfDayMapper(), window=DayWindow(), wait_policy=MinimumCount(-2)
            ),
            spec.RollUpMapper(mapper=DAY, window=spec.WindowSpec(unit="day"), minimum=-2),
        ),
        (
            RollupMapper(upstream_mapper=FixedKeyMapper("all"), window=SegmentWindow(["b", "a"])),
            spec.RollUpMapper(
                mapper=spec.FixedKeyMapper(key="all"), window=spec.WindowSpec(segments=("a", "b"))
            ),
        ),
        (
            FanOutMapper(
                upstream_mapper=StartOfDayMapper(), window=WeekWindow(direction=Window.Direction.BACKWARD)
            ),
            spec.FanOutMapper(
                mapper=DAY, window=spec.WindowSpec(unit="week", is_backward=True), downstream=DAY
            ),
        ),
    ],
)
def test_mappers_are_described(mapper: PartitionMapper, expected: spec.Mapper) -> None:
    assert mapper.to_spec() == expected


def test_a_mapper_can_be_tried_by_its_author() -> None:
    assert StartOfHourMapper().to_downstream("2024-03-13T10:42:15") == "2024-03-13T10"
    weekly = FanOutMapper(upstream_mapper=StartOfWeekMapper(), window=WeekWindow())
    assert len(weekly.to_downstream("2024-03-13T10:42:15")) == 7


class Own(PartitionMapper):
    """A mapper of an author's own."""


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Own().to_spec(), "Own is a mapper of its own; the scheduler runs no code of DAG files"),
        (
            lambda: RollupMapper(upstream_mapper=IdentityMapper(), window=DayWindow()),
            "DayWindow does not go with",
        ),
        (
            lambda: FanOutMapper(upstream_mapper=IdentityMapper(), window=HourWindow()),
            "needs downstream_mapper",
        ),
        (lambda: MinimumCount(0), r"MinimumCount\(0\) would wait for nothing"),
        (lambda: SegmentWindow([]), "SegmentWindow needs one key or more"),
        (lambda: FixedKeyMapper(""), "FixedKeyMapper needs a key"),
        (lambda: IdentityMapper(max_downstream_keys=0), "must be at least 1, got 0"),
        (lambda: CronPartitionTimetable("@daily", run_offset="1"), "run_offset must be a whole number"),  # type: ignore[arg-type]
        (
            lambda: PartitionedAssetTimetable(
                ORDERS, partition_mapper_config={PRICES: IdentityMapper()}
            ).describe(),
            "which the schedule does not wait for",
        ),
    ],
)
def test_what_cannot_work_is_refused_when_the_file_is_read(make: Any, message: str) -> None:
    with pytest.raises(AirflowTimetableInvalid, match=message):
        make()

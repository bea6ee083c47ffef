from __future__ import annotations

from datetime import UTC, datetime, timedelta

from etesian.lifecycle.state import RunType
from etesian.protocol.commands import AssetsChanged
from etesian.protocol.reports import AssetEventReport, Succeeded
from etesian.protocol.requests import AssetEventItem
from etesian.scheduler.core.decisions import ConsumeAssetEvents, RecordAssetEvents, SaveRun
from etesian.scheduler.core.events import AssetEventsKnown, PendingAssetEvent
from etesian.spec.asset import AssetAll, AssetCondition, AssetSpec
from etesian.spec.partition import (
    AssetMapping,
    AssetPartitions,
    CronPartition,
    FanOutMapper,
    FixedKeyMapper,
    Mapper,
    PeriodMapper,
    RollUpMapper,
    WindowSpec,
)
from etesian.spec.schedule import AssetSchedule, CronTriggerSchedule
from tests.unit.scheduler.driver import START, Driver, dag, task

ORDERS = AssetSpec(name="orders", uri="s3://orders")
PRICES = AssetSpec(name="prices", uri="s3://prices")
BOTH = AssetAll(parts=(ORDERS, PRICES))
DAY = PeriodMapper(unit="day", output_format="%Y-%m-%d")


def consumer(condition: AssetCondition, default: Mapper | None = None, **mappers: Mapper) -> Driver:
    named = {"orders": ORDERS, "prices": PRICES}
    partitions = AssetPartitions(
        mappings=tuple(AssetMapping(asset=named[name], mapper=mapper) for name, mapper in mappers.items())
    )
    if default is not None:
        partitions = AssetPartitions(mappings=partitions.mappings, default=default)
    return Driver(dag(task("a"), schedule=AssetSchedule(condition=condition, partitions=partitions)))


def event(event_id: int, name: str, key: str | None, *used_for: str) -> PendingAssetEvent:
    item = AssetEventItem(name=name, uri=f"s3://{name}", partition_key=key)
    return PendingAssetEvent(event_id=event_id, item=item, used_for=frozenset(used_for))


def known(driver: Driver, *events: PendingAssetEvent) -> list[str | None]:
    """Tell the core of events and return the partitions of the runs that it creates."""
    driver.do(AssetEventsKnown(dag_id="d", events=events))
    return [decision.run.partition_key for decision in driver.decided(SaveRun) if decision.is_new]


def test_a_partition_runs_when_all_assets_have_it() -> None:
    driver = consumer(BOTH, orders=DAY)
    assert known(driver, event(1, "orders", "2030-01-02T03:00:00"), event(2, "prices", "2030-01-01")) == []
    told = (
        event(1, "orders", "2030-01-02T03:00:00"),
        event(2, "prices", "2030-01-01"),
        event(3, "prices", "2030-01-02"),
    )
    assert known(driver, *told) == ["2030-01-02"]
    assert [decision.event_ids for decision in driver.decided(ConsumeAssetEvents)] == [(1, 3)]
    run = driver.workloads[-1].run
    assert (run.partition_key, run.partition_date) == ("2030-01-02", datetime(2030, 1, 2, tzinfo=UTC))


def test_an_event_that_is_about_several_partitions_is_used_once_for_each() -> None:
    weekly = FanOutMapper(
        mapper=PeriodMapper(unit="week", output_format="%Y-%m-%d"),
        window=WindowSpec(unit="week"),
        downstream=DAY,
    )
    driver = consumer(BOTH, orders=weekly)
    week = event(1, "orders", "2030-01-07T00:00:00")
    assert known(driver, week, event(2, "prices", "2030-01-08")) == ["2030-01-08"]
    driver.wait(seconds=1)
    used = event(1, "orders", "2030-01-07T00:00:00", "2030-01-08")
    assert known(driver, used, event(2, "prices", "2030-01-08", "2030-01-08")) == []
    assert known(driver, used, event(3, "prices", "2030-01-09")) == ["2030-01-09"]


def test_a_roll_up_runs_when_enough_keys_have_come() -> None:
    segments = WindowSpec(segments=("eu", "us", "za"))
    driver = consumer(ORDERS, RollUpMapper(mapper=FixedKeyMapper(key="all"), window=segments, minimum=2))
    assert known(driver, event(1, "orders", "eu"), event(2, "orders", "eu")) == []
    assert known(driver, event(1, "orders", "eu"), event(2, "orders", "eu"), event(3, "orders", "us")) == [
        "all"
    ]
    assert driver.decided(ConsumeAssetEvents)[0].event_ids == (1, 2, 3)


def test_events_of_no_partition_or_of_one_that_cannot_be_mapped_cause_nothing() -> None:
    driver = consumer(ORDERS, DAY)
    assert known(driver, event(1, "orders", None), event(2, "orders", "yesterday")) == []


def test_events_that_tell_of_nothing_new_cause_no_second_run() -> None:
    driver = consumer(ORDERS)
    assert known(driver, event(1, "orders", "eu")) == ["eu"]
    driver.wait(seconds=1)
    assert known(driver, event(1, "orders", "eu", "eu")) == []
    assert known(driver, event(1, "orders", "eu", "eu"), event(2, "orders", "eu")) == ["eu"]


def test_a_scheduled_run_carries_the_key_of_its_partition() -> None:
    hourly = CronTriggerSchedule(
        expressions=("0 * * * *",),
        timezone="Asia/Tokyo",
        partition=CronPartition(key_format="%Y-%m-%dT%H", offset=-1),
    )
    driver = Driver(dag(task("a"), schedule=hourly))
    driver.wait(hours=1)
    first, second = driver.runs.values()
    assert (second.run_type, second.run_after) == (RunType.SCHEDULED, START + timedelta(hours=1))
    assert (first.partition_key, second.partition_key) == ("2030-01-01T08", "2030-01-01T09")
    assert driver.workloads[-1].run.partition_date == START


def test_a_run_for_a_partition_emits_events_of_it() -> None:
    driver = Driver(dag(task("a", outlets=(ORDERS,))))
    driver.trigger(partition_key="eu")
    own, other = AssetEventReport(name="orders"), AssetEventReport(name="orders", partition_key="us")
    driver.finish("a", Succeeded(asset_events=(own, other)))
    (recorded,) = driver.decided(RecordAssetEvents)
    assert [event.partition_key for event in recorded.events] == ["eu", "us"]
    driver.do(AssetsChanged(events=(own,)))
    (outside,) = driver.decided(RecordAssetEvents)
    assert outside.events[0].partition_key is None

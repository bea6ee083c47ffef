from __future__ import annotations

from datetime import timedelta

import pytest

from etesian.lifecycle.state import RunType
from etesian.protocol.commands import AssetsChanged, PauseChanged
from etesian.protocol.reports import AssetEventReport, Succeeded
from etesian.protocol.requests import AssetEventItem
from etesian.scheduler.core.decisions import (
    AskAssetEvents,
    ConsumeAssetEvents,
    RecordAssetEvents,
    SaveRun,
)
from etesian.scheduler.core.events import AssetEventsKnown, PendingAssetEvent
from etesian.spec.asset import (
    AssetAliasSpec,
    AssetAll,
    AssetAny,
    AssetCondition,
    AssetRefSpec,
    AssetSpec,
)
from etesian.spec.schedule import AssetOrTimeSchedule, AssetSchedule, CronTriggerSchedule
from tests.unit.scheduler.driver import START, Driver, dag, task

ORDERS = AssetSpec(name="orders", uri="s3://orders")
PRICES = AssetSpec(name="prices", uri="s3://prices")
BOTH = AssetAll(parts=(ORDERS, PRICES))


def consumer(condition: AssetCondition = BOTH, **fields: object) -> Driver:
    return Driver(dag(task("a"), schedule=AssetSchedule(condition=condition), **fields))  # type: ignore[arg-type]  # as given


def event(event_id: int, name: str, *aliases: str) -> PendingAssetEvent:
    return PendingAssetEvent(
        event_id=event_id, item=AssetEventItem(name=name, uri=f"s3://{name}", aliases=aliases)
    )


def known(driver: Driver, *events: PendingAssetEvent) -> list[str]:
    driver.do(AssetEventsKnown(dag_id="d", events=events))
    return [decision.run.run_id for decision in driver.decided(SaveRun) if decision.is_new]


def test_a_dag_that_assets_cause_asks_for_events_that_it_has_not_used() -> None:
    assert consumer().decided(AskAssetEvents) == [AskAssetEvents(dag_ids=("d",))]


def test_a_run_is_created_when_all_assets_were_updated() -> None:
    driver = consumer()
    assert known(driver, event(1, "orders")) == []
    assert known(driver, event(1, "orders"), event(2, "orders"), event(3, "prices")) == [
        "asset_triggered__2030-01-01T00:00:00+00:00_3"
    ]
    run = driver.run("asset_triggered__2030-01-01T00:00:00+00:00_3")
    assert (run.run_type, run.logical_date, run.triggered_by) == (RunType.ASSET_TRIGGERED, None, "asset")
    assert driver.decided(ConsumeAssetEvents) == [ConsumeAssetEvents(run_key=run.key, event_ids=(1, 2, 3))]
    assert [each["name"] for each in driver.workloads[-1].run.asset_events] == ["orders", "orders", "prices"]


def test_an_event_is_used_once() -> None:
    driver = consumer(ORDERS)
    assert len(known(driver, event(1, "orders"))) == 1
    driver.wait(seconds=1)
    assert known(driver, event(1, "orders")) == []
    assert len(known(driver, event(1, "orders"), event(2, "orders"))) == 1
    assert driver.decided(ConsumeAssetEvents)[0].event_ids == (2,)


@pytest.mark.parametrize(
    ("condition", "names", "holds"),
    [
        (AssetAny(parts=(ORDERS, PRICES)), ["prices"], True),
        (AssetAny(parts=(ORDERS, PRICES)), ["other"], False),
        (
            AssetAll(parts=(ORDERS, AssetAny(parts=(PRICES, AssetSpec(name="x", uri="x"))))),
            ["orders", "prices"],
            True,
        ),
        (AssetAll(parts=(ORDERS, AssetAny(parts=(PRICES, AssetSpec(name="x", uri="x"))))), ["prices"], False),
        (AssetRefSpec(uri="s3://orders"), ["orders"], True),
        (AssetRefSpec(name="orders"), ["orders"], True),
        (AssetRefSpec(name="orders"), ["prices"], False),
    ],
)
def test_conditions(condition: AssetCondition, names: list[str], *, holds: bool) -> None:
    events = [event(number, name) for number, name in enumerate(names, start=1)]
    assert bool(known(consumer(condition), *events)) is holds


def test_an_alias_stands_for_the_assets_that_were_attached_to_it() -> None:
    driver = consumer(AssetAliasSpec(name="any-order"))
    assert known(driver, event(1, "orders")) == []
    assert len(known(driver, event(1, "orders"), event(2, "orders", "any-order"))) == 1


def test_events_that_come_while_a_dag_is_paused_are_kept() -> None:
    driver = Driver()
    driver.learn(dag(task("a"), schedule=AssetSchedule(condition=ORDERS)), is_paused=True)
    assert known(driver, event(1, "orders"), event(2, "orders")) == []
    driver.do(PauseChanged(dag_id="d", is_paused=False))
    assert driver.decided(ConsumeAssetEvents)[0].event_ids == (1, 2)


def test_a_task_s_events_are_recorded_and_its_consumers_ask_for_them() -> None:
    driver = consumer()
    driver.learn(dag(task("make"), dag_id="producer"))
    driver.trigger(dag_id="producer")
    report = AssetEventReport(name="orders", uri="s3://orders", extra={"rows": 3})
    driver.finish("producer.make", Succeeded(asset_events=(report,)))
    assert driver.decided(RecordAssetEvents) == [
        RecordAssetEvents(source=driver.record("producer.make").key, events=(report,), origin="task")
    ]
    assert driver.decided(AskAssetEvents) == [AskAssetEvents(dag_ids=("d",))]


def test_events_from_outside_are_recorded_too() -> None:
    driver = consumer()
    report = AssetEventReport(uri="s3://prices")
    driver.do(AssetsChanged(events=(report,), source="api"))
    assert driver.decided(RecordAssetEvents) == [
        RecordAssetEvents(source=None, events=(report,), origin="api")
    ]
    assert driver.decided(AskAssetEvents) == [AskAssetEvents(dag_ids=("d",))]


def test_events_that_concern_nobody_are_recorded_only() -> None:
    driver = consumer()
    driver.do(AssetsChanged(events=(AssetEventReport(name="other"),)))
    assert driver.decided(AskAssetEvents) == []


def test_a_schedule_may_be_by_assets_and_by_time() -> None:
    schedule = AssetOrTimeSchedule(
        condition=ORDERS, timetable=CronTriggerSchedule(expressions=("0 * * * *",))
    )
    driver = Driver(dag(task("a"), schedule=schedule, start_date=START + timedelta(minutes=1)))
    assert len(known(driver, event(1, "orders"))) == 1
    driver.wait(hours=1)
    assert [decision.run.run_type for decision in driver.decided(SaveRun) if decision.is_new] == [
        RunType.SCHEDULED
    ]

"""Asset events: emitted by outlets, read from inlets, and those that started a run."""

from __future__ import annotations

import pytest

from etesian.protocol.reports import AssetEventReport
from etesian.protocol.requests import GetAssetEvents
from etesian.sdk.assets.asset import Asset, AssetAlias
from etesian.sdk.assets.asset_events import (
    AssetEventsError,
    InletEventsAccessors,
    Metadata,
    OutletEventAccessors,
    TriggeringAssetEvents,
)
from tests.unit.memory_platform import MemoryPlatform

EVENTS = """[
    {"name": "a", "uri": "a", "extra": {"rows": 1}, "source_dag_id": "d"},
    {"name": "a", "uri": "a", "extra": {"rows": 2}}
]"""


def test_every_outlet_gives_an_event_with_what_the_task_said_of_it() -> None:
    events = OutletEventAccessors()
    events[Asset("a")].extra["rows"] = 3
    events[Asset("stranger")].extra["rows"] = 4
    assert events.reports_for([Asset("a"), Asset("b"), "text"]) == (
        AssetEventReport(name="a", uri="a", extra={"rows": 3}),
        AssetEventReport(name="b", uri="b"),
    )


def test_assets_attached_to_an_alias_give_events_through_it() -> None:
    events, alias = OutletEventAccessors(), AssetAlias("al")
    events[alias].add(Asset("s3://b/k"), extra={"k": 1})
    assert events.reports_for([alias]) == (
        AssetEventReport(name="s3://b/k", uri="s3://b/k", alias="al", extra={"k": 1}),
    )
    assert events.reports_for([AssetAlias("unused")]) == ()


def test_only_an_alias_takes_assets_while_a_task_runs() -> None:
    with pytest.raises(AssetEventsError, match="only an alias"):
        OutletEventAccessors()[Asset("a")].add(Asset("b"))


def test_yielded_metadata_is_kept() -> None:
    events, alias = OutletEventAccessors(), AssetAlias("al")
    events.take(Metadata(Asset("a"), {"rows": 1}))
    events.take(Metadata(Asset("b"), {"rows": 2}, alias=alias))
    assert events.reports_for([Asset("a"), alias]) == (
        AssetEventReport(name="a", uri="a", extra={"rows": 1}),
        AssetEventReport(name="b", uri="b", alias="al", extra={"rows": 2}),
    )


def test_inlet_events_are_asked_for_once_and_when_looked_at(platform: MemoryPlatform) -> None:
    platform.asset_events = EVENTS
    events = InletEventsAccessors([Asset("a"), AssetAlias("al")])
    assert platform.requests == []
    assert [event.extra["rows"] for event in events[Asset("a")]] == [1, 2]
    assert events[0][-1].extra == {"rows": 2}
    assert events[Asset("a")][0].source_dag_id == "d"
    assert platform.requests == [GetAssetEvents(name="a", uri="a")]
    assert len(events[AssetAlias("al")]) == 2
    assert platform.requests[1] == GetAssetEvents(alias="al")


def test_an_asset_that_is_no_inlet_has_no_events() -> None:
    with pytest.raises(KeyError, match="not one of the task's inlets"):
        InletEventsAccessors([Asset("a")])[Asset("b")]
    with pytest.raises(TypeError):
        InletEventsAccessors([Asset("a")])[1.5]


def test_events_that_started_a_run_are_found_by_asset_alias_and_text() -> None:
    items = [
        {
            "name": "n",
            "uri": "s3://b/k",
            "extra": {"x": 1},
            "aliases": ["al"],
            "timestamp": "2030-01-01T00:00:00Z",
        }
    ]
    events = TriggeringAssetEvents(items)
    for key in (Asset("n", "s3://b/k"), AssetAlias("al"), "s3://b/k", "n", Asset.ref(name="n")):
        assert [event.extra for event in events[key]] == [{"x": 1}]
    assert Asset("n", "s3://b/k") in list(events)
    with pytest.raises(KeyError, match="no event of 'other'"):
        events["other"]


def test_events_of_a_referenced_asset_are_found_by_the_asset(platform: MemoryPlatform) -> None:
    events = InletEventsAccessors([Asset.ref(name="orders"), Asset.ref(uri="s3://shop/sales")])
    assert list(events[Asset("orders", uri="s3://shop/orders")]) == []
    assert list(events[Asset("sales", uri="s3://shop/sales")]) == []
    assert platform.requests == [GetAssetEvents(name="orders"), GetAssetEvents(uri="s3://shop/sales")]


def test_keys_are_added_while_the_task_runs() -> None:
    events = OutletEventAccessors()
    events[Asset("a")].add_partitions("eu")
    events[Asset("a")].add_partitions(["us", "eu"])
    events[Asset("a")].extra["rows"] = 3
    reports = events.reports_for([Asset("a")])
    assert [(report.partition_key, report.extra) for report in reports] == [
        ("eu", {"rows": 3}),
        ("us", {"rows": 3}),
    ]
    with pytest.raises(AssetEventsError, match="the key of a partition cannot be empty, got ' '"):
        events[Asset("a")].add_partitions(" ")
    with pytest.raises(AssetEventsError, match="is an alias"):
        events[AssetAlias("any")].add_partitions("eu")

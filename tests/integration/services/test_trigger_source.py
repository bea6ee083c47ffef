"""The triggerer on a real store."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from etesian.cli.services.trigger_source import StoreTriggerSource
from etesian.foundation.clock import SystemClock
from etesian.lifecycle.records import TaskKey
from etesian.protocol.commands import AssetsChanged, TriggerFired
from etesian.protocol.reports import AssetEventReport
from etesian.scheduler.core.decisions import StartTrigger
from etesian.sdk.xcoms.xcom import serialize
from etesian.spec.asset import AssetSpec, WatcherSpec
from etesian.spec.dag import DagSpec
from etesian.store import Store, open_store
from etesian.store.batch import Batch
from etesian.store.bus import Bus, open_bus
from etesian.store.queries import dags, heartbeats, inbox, triggers
from etesian.store.schema import migrate
from etesian.triggerer.source import FiredTrigger, TriggerRow
from etesian.triggerer.triggerer import Triggerer, TriggererSettings
from tests.conformance.store.samples import NOW, Scheduler, a_run, a_spec, save_spec
from tests.integration.triggerer.memory_source import wait_until


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store("", home=tmp_path)
    migrate(opened)
    yield opened
    opened.dispose()


@pytest.fixture
def bus(store: Store) -> Iterator[Bus]:
    opened = open_bus(store)
    yield opened
    opened.close()


@pytest.fixture
def make_source(store: Store, bus: Bus) -> Iterator[Callable[..., StoreTriggerSource]]:
    made: list[StoreTriggerSource] = []

    def make(capacity: int = 100) -> StoreTriggerSource:
        made.append(StoreTriggerSource(store, bus, SystemClock(), capacity))
        return made[-1]

    yield make
    for source in made:
        source.close()


def start(store: Store, *trigger_ids: str, moment: object = None) -> None:
    kwargs = serialize({"moment": moment or NOW, "end_from_trigger": False})
    save_spec(store, a_spec())
    scheduler = Scheduler(store)
    scheduler.save(a_run())
    started = [
        StartTrigger(
            trigger_id=trigger_id,
            key=TaskKey("etl", "r1", "t0"),
            trigger_class="etesian.triggers.temporal.DateTimeTrigger",
            trigger_kwargs=kwargs,
        )
        for trigger_id in trigger_ids
    ]
    scheduler.write(Batch(triggers_started=started))


def commands(store: Store) -> list[object]:
    with store.write() as connection:
        return [row.command for row in inbox.read(connection)]


def test_triggers_are_taken_up_to_the_capacity_and_loaded_whole(
    store: Store, make_source: Callable[..., StoreTriggerSource]
) -> None:
    start(store, "a", "b", "c")
    source = make_source(capacity=2)
    mine = source.waiting_ids()
    assert len(mine) == 2
    assert source.waiting_ids() == mine
    row = source.load(sorted(mine))[0]
    assert isinstance(row, TriggerRow)
    assert (row.trigger_class, row.label) == ("etesian.triggers.temporal.DateTimeTrigger", "etl.t0@r1")


def test_an_event_and_the_end_of_its_trigger_are_stored_together(
    store: Store, make_source: Callable[..., StoreTriggerSource]
) -> None:
    start(store, "a", "b")
    source = make_source()
    assert source.waiting_ids() == {"a", "b"}
    source.fired([FiredTrigger(trigger_id="a", event=b'"x"'), FiredTrigger(trigger_id="gone", error="e")])
    assert source.waiting_ids() == {"b"}
    assert commands(store)[-2:] == [
        TriggerFired(trigger_id="a", event=b'"x"'),
        TriggerFired(trigger_id="gone", error="e"),
    ]


def test_triggers_of_a_triggerer_that_went_silent_are_taken_over(
    store: Store, make_source: Callable[..., StoreTriggerSource]
) -> None:
    start(store, "a")
    with store.write() as connection:
        heartbeats.save_heartbeat(
            connection, "triggerer", "elsewhere", 1, SystemClock().now() - timedelta(minutes=5)
        )
        triggers.assign_triggers(connection, "elsewhere:1", limit=5)
    assert make_source().waiting_ids() == {"a"}


def test_triggers_of_a_triggerer_that_was_killed_on_this_host_are_taken_over_at_once(
    store: Store, make_source: Callable[..., StoreTriggerSource]
) -> None:
    killed = subprocess.Popen(["true"])
    killed.wait()
    start(store, "a", "b")
    with store.write() as connection:
        now = SystemClock().now()
        heartbeats.save_heartbeat(connection, "triggerer", socket.gethostname(), killed.pid, now)
        triggers.assign_triggers(connection, f"{socket.gethostname()}:{killed.pid}", limit=1)
        heartbeats.save_heartbeat(connection, "triggerer", "elsewhere", 1, now)
        triggers.assign_triggers(connection, "elsewhere:1", limit=1)
    assert len(make_source().waiting_ids()) == 1


def test_a_triggerer_that_ends_leaves_its_triggers_to_others_at_once(store: Store, bus: Bus) -> None:
    start(store, "a")
    source = StoreTriggerSource(store, bus, SystemClock(), 10)
    assert source.waiting_ids() == {"a"}
    source.close()
    with store.read() as connection:
        assert triggers.load_owners(connection) == {"a": None}


def test_watchers_of_active_dags_report_asset_events(
    store: Store, make_source: Callable[..., StoreTriggerSource]
) -> None:
    watcher = WatcherSpec(
        name="w",
        asset=AssetSpec(name="orders", uri="s3://b/orders"),
        trigger_class="etesian.triggers.file.FileDeleteTrigger",
        trigger_kwargs={"filepath": "/nowhere", "poke_interval": 60},
    )
    save_spec(store, DagSpec(dag_id="watching", file="w.py", watchers=(watcher,)))
    source = make_source()
    assert source.waiting_ids() == set()  # the DAG is still paused
    with store.write() as connection:
        dags.set_paused(connection, "watching", False, now=NOW)
    (trigger_id,) = source.waiting_ids()
    (row,) = source.load([trigger_id])
    assert (row.is_watcher, row.label) == (True, "w of asset orders")
    source.fired([FiredTrigger(trigger_id=trigger_id, event=b"true")])
    assert source.waiting_ids() == {trigger_id}
    report = AssetEventReport(
        name="orders", uri="s3://b/orders", extra={"from_trigger": True, "payload": True}
    )
    assert commands(store)[-1] == AssetsChanged(events=(report,), source="watcher")


def test_a_whole_triggerer_awaits_what_the_scheduler_started(
    store: Store, bus: Bus, make_source: Callable[..., StoreTriggerSource]
) -> None:
    source = make_source()
    triggerer = Triggerer(source, TriggererSettings(refresh_seconds=0.1))
    start(store, "a", moment=SystemClock().now() + timedelta(seconds=0.1))
    triggerer.refresh()
    wait_until(lambda: any(isinstance(command, TriggerFired) for command in commands(store)))
    assert [command.trigger_id for command in commands(store) if isinstance(command, TriggerFired)] == ["a"]
    triggerer.stop()

"""The triggerer with real event loops and threads."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from etesian.foundation.errors import EtesianError
from etesian.foundation.stop import StopSignal
from etesian.triggerer import awaiting
from etesian.triggerer.service import run_triggerer
from etesian.triggerer.source import TriggerRow
from etesian.triggerer.triggerer import Triggerer, TriggererSettings
from tests.integration.triggerer.memory_source import (
    GATES,
    HISTORY,
    After,
    Blocks,
    BlocksInChildTask,
    Busy,
    Ends,
    Exits,
    Fails,
    FailsWithOddName,
    MemorySource,
    NotJson,
    RefusesArguments,
    Watch,
    wait_until,
)

SETTINGS = TriggererSettings(blocking_seconds=0.2, alone_seconds=0.6, stop_seconds=5.0, refresh_seconds=0.2)


@pytest.fixture
def source() -> Iterator[MemorySource]:
    HISTORY.clear()
    GATES.clear()
    made = MemorySource()
    yield made
    made.close()


@pytest.fixture
def triggerer(source: MemorySource) -> Iterator[Triggerer]:
    made = Triggerer(source, SETTINGS)
    yield made
    for gate in list(GATES.values()):
        gate.set()
    made.stop()


def test_a_trigger_fires_once_and_is_cleaned_up(source: MemorySource, triggerer: Triggerer) -> None:
    source.add(After, "a", name="a")
    triggerer.refresh()
    wait_until(lambda: ("cleanup", "a") in HISTORY and source.results)
    assert source.events() == {"a": {"name": "a"}}
    assert HISTORY == [("start", "a"), ("cleanup", "a")]
    assert len(triggerer) == 0


def test_a_trigger_that_fired_is_not_started_again_while_its_row_is_still_there(
    source: MemorySource, triggerer: Triggerer
) -> None:
    source.is_deleting = False
    source.add(After, "a", name="a")
    for _ in range(3):
        triggerer.refresh()
        wait_until(lambda: source.results)
    assert HISTORY.count(("start", "a")) == 1
    del source.rows["a"]
    triggerer.refresh()
    source.add(After, "a", name="a")
    triggerer.refresh()
    wait_until(lambda: len(source.results) == 2)


@pytest.mark.parametrize(
    ("trigger", "error"),
    [
        (Fails, "RuntimeError: no such queue"),
        (Exits, "SystemExit: no such queue"),
        (FailsWithOddName, "FileNotFoundError: caf\\udce9"),
        (Ends, "ended without an event"),
        (NotJson, "cannot be an XCom"),
        (RefusesArguments, "refuses its arguments: ValueError: a queue is needed"),
    ],
)
def test_a_trigger_that_cannot_fire_says_why(
    source: MemorySource, triggerer: Triggerer, trigger: type[After], error: str
) -> None:
    source.add(trigger, "a")
    triggerer.refresh()
    wait_until(lambda: source.results)
    assert error in source.events()["a"]
    source.add(After, "b", name="b")
    triggerer.refresh()
    wait_until(lambda: "b" in source.events())


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("nowhere.Trigger", "cannot be imported: No module named 'nowhere'"),
        ("os.system", "'os.system' is not a trigger class"),
        ("tests.integration.triggerer.memory_source.MemorySource", "is not a trigger class"),
    ],
)
def test_only_trigger_classes_are_made(
    source: MemorySource, triggerer: Triggerer, path: str, error: str
) -> None:
    source.add_row(TriggerRow(trigger_id="a", trigger_class=path, trigger_kwargs=b'{"command": "false"}'))
    triggerer.refresh()
    wait_until(lambda: source.results)
    assert error in source.events()["a"]


def test_a_trigger_whose_task_was_stopped_undoes_its_work(source: MemorySource, triggerer: Triggerer) -> None:
    source.add(After, "a", name="a", seconds=300)
    triggerer.refresh()
    wait_until(lambda: ("start", "a") in HISTORY)
    source.remove("a")
    triggerer.refresh()
    wait_until(lambda: ("cleanup", "a") in HISTORY)
    assert HISTORY == [("start", "a"), ("kill", "a"), ("cleanup", "a")]
    assert source.results == []


def test_a_trigger_that_went_to_another_triggerer_is_left_in_peace(
    source: MemorySource, triggerer: Triggerer
) -> None:
    source.add(After, "a", name="a", seconds=300)
    triggerer.refresh()
    wait_until(lambda: ("start", "a") in HISTORY)
    source.elsewhere.add("a")
    triggerer.refresh()
    wait_until(lambda: ("cleanup", "a") in HISTORY)
    assert ("kill", "a") not in HISTORY


def test_a_store_that_fails_is_tried_again_and_nothing_is_lost(
    source: MemorySource, triggerer: Triggerer
) -> None:
    source.failures = 3
    for number in range(20):
        source.add(After, f"t{number}", name="n")
    triggerer.refresh()
    wait_until(lambda: len(source.results) == 20)
    assert sorted(source.events()) == sorted(f"t{number}" for number in range(20))


def test_a_watcher_reports_every_event_and_is_started_again(
    source: MemorySource, triggerer: Triggerer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(awaiting, "RESTART_SECONDS", (0.02, 0.04))
    source.add_row(
        TriggerRow(
            trigger_id="w", trigger_class=f"{Watch.__module__}.Watch", label="watcher", is_watcher=True
        )
    )
    triggerer.refresh()
    wait_until(lambda: len(source.results) >= 6)
    assert [result.event for result in source.results[:6]] == [b"0", b"1", b"2", b"0", b"1", b"2"]


def test_no_more_than_the_capacity_is_awaited(source: MemorySource) -> None:
    triggerer = Triggerer(source, TriggererSettings(capacity=3))
    for number in range(5):
        source.add(After, f"t{number}", name="n", seconds=300)
    triggerer.refresh()
    assert len(triggerer) == 3
    for trigger_id in ("t0", "t1"):
        source.remove(trigger_id)
    triggerer.refresh()
    assert len(triggerer) == 3
    triggerer.stop()


# --- blockages --------------------------------------------------------------------------------


@pytest.mark.parametrize("blocker", [Blocks, BlocksInChildTask])
def test_a_blocking_trigger_is_named_and_does_not_stall_the_rest(
    source: MemorySource, triggerer: Triggerer, caplog: pytest.LogCaptureFixture, blocker: type[Blocks]
) -> None:
    caplog.set_level(logging.WARNING)
    for number in range(50):
        source.add(After, f"t{number}", name="n", seconds=0.1)
    source.add(blocker, "bad", name="bad")
    triggerer.refresh()
    wait_until(lambda: len(source.results) >= 50)
    assert "bad" not in source.events()
    (message,) = [record.getMessage() for record in caplog.records if "has blocked" in record.getMessage()]
    assert f"{blocker.__name__} of dag.bad@run has blocked its event loop" in message
    assert "memory_source.py" in message
    GATES["bad"].set()
    wait_until(lambda: "bad" in source.events())
    assert source.events()["bad"] == "done blocking"
    assert len(source.results) == 51


def test_others_of_a_blocking_class_keep_away_from_the_rest_from_then_on(
    source: MemorySource, triggerer: Triggerer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    source.add(Blocks, "first", name="first")
    triggerer.refresh()
    wait_until(lambda: "dag.first@run has blocked" in caplog.text)
    GATES["first"].set()
    wait_until(lambda: source.results)
    source.add(Blocks, "second", name="second")
    source.add(After, "good", name="good", seconds=0.05)
    triggerer.refresh()
    wait_until(lambda: "good" in source.events())
    assert "second" not in source.events()
    GATES["second"].set()
    wait_until(lambda: "second" in source.events())


def test_one_that_blocks_for_very_long_is_left_alone_by_its_own_class_too(
    source: MemorySource, triggerer: Triggerer
) -> None:
    source.add(Blocks, "forever", name="forever")
    GATES["short"].set()
    triggerer.refresh()
    wait_until(lambda: ("start", "forever") in HISTORY)
    source.add(Blocks, "short", name="short")
    triggerer.refresh()
    wait_until(lambda: "short" in source.events())
    assert "forever" not in source.events()
    GATES["forever"].set()
    wait_until(lambda: "forever" in source.events())


def test_many_short_steps_are_not_taken_for_a_blockage(
    source: MemorySource, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    # Together they keep the loop busy for longer than one step may; a step may be slow on a machine under load.
    triggerer = Triggerer(source, replace(SETTINGS, blocking_seconds=1.0))
    for number in range(10):
        source.add(Busy, f"t{number}", name="n", steps=8)
    triggerer.refresh()
    wait_until(lambda: len(source.results) == 10, 30.0)
    triggerer.stop()
    assert "has blocked" not in caplog.text


def test_a_restart_loses_none(source: MemorySource) -> None:
    first = Triggerer(source, SETTINGS)
    for number in range(30):
        source.add(After, f"t{number}", name=f"t{number}", seconds=0 if number < 10 else 0.3)
    first.refresh()
    wait_until(lambda: len(source.results) >= 10)
    first.stop()
    assert sorted(name for what, name in HISTORY if what == "kill") == []
    second = Triggerer(source, SETTINGS)
    second.refresh()
    wait_until(lambda: len(source.results) == 30)
    second.stop()
    assert sorted(source.events()) == sorted(f"t{number}" for number in range(30))


def test_the_service_follows_the_bell_and_stops_when_told(source: MemorySource) -> None:
    stop = StopSignal()
    thread = threading.Thread(
        target=run_triggerer,
        args=(source, TriggererSettings(refresh_seconds=60, stop_seconds=5), stop),
        daemon=True,
    )
    thread.start()
    source.add(After, "a", name="a")
    wait_until(lambda: "a" in source.events())
    source.add(After, "b", name="b", seconds=300)
    wait_until(lambda: ("start", "b") in HISTORY)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert ("kill", "b") not in HISTORY
    assert "b" in source.rows
    stop.close()


def test_the_service_survives_a_store_that_cannot_be_read(
    source: MemorySource, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failures = iter([EtesianError("the disk is full"), OSError("the store does not answer")])
    ask = source.waiting_ids

    def sometimes() -> set[str]:
        failure = next(failures, None)
        if failure is not None:
            raise failure
        return ask()

    monkeypatch.setattr(source, "waiting_ids", sometimes)
    stop = StopSignal()
    thread = threading.Thread(
        target=run_triggerer, args=(source, TriggererSettings(refresh_seconds=0.05), stop), daemon=True
    )
    source.add(After, "a", name="a")
    thread.start()
    wait_until(lambda: "a" in source.events())
    stop.set()
    thread.join(10)
    ours, other = (record for record in caplog.records if "Triggers cannot be loaded" in record.message)
    assert ours.message.endswith("trying again: the disk is full")
    assert (ours.exc_info, other.exc_info is not None) == (None, True)
    stop.close()

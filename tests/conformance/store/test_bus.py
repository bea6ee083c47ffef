"""The bell that wakes other processes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from etesian.store import Store
from etesian.store.bus import Bus, open_bus
from tests.conformance.store.waiting import wait_for, wait_until


@pytest.fixture
def bus(store: Store) -> Iterator[Bus]:
    opened = open_bus(store)
    yield opened
    opened.close()


def test_a_ring_wakes_all_listeners(bus: Bus) -> None:
    first, second = bus.listen(), bus.listen()
    bus.ring("inbox")
    for bell in (first, second):
        wait_for(bell)
        assert bell.drain() == {"inbox"}
        assert bell.drain() == set()
        bell.close()


def test_a_listener_hears_its_topics_only(bus: Bus) -> None:
    bell = bus.listen(["inbox", "specs"])
    bus.ring("changes")
    bus.ring("specs")
    wait_for(bell)
    assert bell.drain() == {"specs"}
    bell.close()


def test_ringing_without_listeners_is_harmless(bus: Bus) -> None:
    bus.listen().close()
    bus.ring("inbox")


def test_a_listener_that_does_not_drain_holds_nobody_up(bus: Bus) -> None:
    bell = bus.listen()
    for _ in range(5000):
        bus.ring("changes")
    wait_for(bell)
    assert bell.drain() == {"changes"}
    bell.close()


@pytest.mark.postgresql
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_broken_connection_is_renewed_and_tells_what_may_have_been_missed(store: Store, bus: Bus) -> None:
    bell = bus.listen()
    with store.write() as connection:
        ended = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'etesian-bell'"
        )
        assert connection.execute(text(ended)).scalar_one()
    wait_for(bell)
    assert bell.drain() == {"inbox", "changes", "specs"}
    bus.ring("inbox")
    wait_until(lambda: "inbox" in bell.drain(), "the ring to be heard")
    bell.close()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_socket_of_a_dead_listener_is_removed(store: Store, bus: Bus) -> None:
    bell = bus.listen()
    folder = store.home / "run" / "bell" if (store.home / "run" / "bell").exists() else None
    bell._socket.close()  # type: ignore[attr-defined]  # what a killed process leaves behind
    bus.ring("inbox")
    assert folder is None or list(folder.iterdir()) == []

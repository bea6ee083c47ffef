"""The bell that wakes other processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from sqlalchemy import text

from etesian.foundation.run_dir import run_directory
from etesian.store import Store, open_store
from etesian.store.bus import Bell, Bus, open_bus
from tests.conformance.store.waiting import wait_for, wait_until

Listen = Callable[..., Bell]


@pytest.fixture
def bus(store: Store) -> Iterator[Bus]:
    opened = open_bus(store)
    yield opened
    opened.close()


@pytest.fixture
def listen(bus: Bus) -> Iterator[Listen]:
    """Give a function that makes bells, which are closed at the end."""
    with ExitStack() as bells:

        def make(topics: Iterable[str] | None = None) -> Bell:
            return bells.enter_context(closing(bus.listen(topics)))

        yield make


def heard(bell: Bell, topics: set[str]) -> set[str]:
    """Return what was heard until all of ``topics`` were."""
    found: set[str] = set()

    def all_were() -> bool:
        found.update(bell.drain())
        return topics <= found

    wait_until(all_were, f"{sorted(topics)} to be heard")
    return found


def test_a_ring_wakes_all_listeners(bus: Bus, listen: Listen) -> None:
    bells = [listen(), listen()]
    bus.ring("inbox")
    for bell in bells:
        wait_for(bell)
        assert bell.drain() == {"inbox"}
        assert bell.drain() == set()


def test_a_listener_hears_its_topics_only(bus: Bus, listen: Listen) -> None:
    bell = listen(["inbox", "specs"])
    bus.ring("changes")
    bus.ring("specs")
    assert heard(bell, {"specs"}) == {"specs"}


def test_ringing_without_listeners_is_harmless(bus: Bus) -> None:
    bus.listen().close()
    bus.ring("inbox")


def test_a_listener_that_does_not_drain_holds_nobody_up(bus: Bus, listen: Listen) -> None:
    bell = listen()
    for _ in range(5000):
        bus.ring("changes")
    assert heard(bell, {"changes"}) == {"changes"}


@pytest.mark.postgresql
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_broken_connection_is_renewed_and_tells_what_may_have_been_missed(
    store: Store, bus: Bus, listen: Listen
) -> None:
    bell = listen()
    with store.write() as connection:
        bells = "FROM pg_stat_activity WHERE application_name = 'etesian-bell'"
        assert any(connection.execute(text(f"SELECT pg_terminate_backend(pid) {bells}")).scalars())
    every_topic = {"inbox", "changes", "triggers", "specs"}
    assert heard(bell, every_topic) == every_topic
    bus.ring("inbox")
    heard(bell, {"inbox"})


@pytest.mark.postgresql
def test_the_url_may_say_how_connections_are_made(postgresql_url: str, tmp_path: Path) -> None:
    said = "connect_timeout=7&application_name=ours&keepalives_idle=3&options=-c%20search_path%3Dpg_catalog"
    store = open_store(f"{postgresql_url}?{said}", home=tmp_path)
    bus = open_bus(store)
    bell = bus.listen(["changes"])
    with store.read() as connection:
        names = ("application_name", "search_path", "timezone")
        settings = [connection.execute(text(f"SHOW {name}")).scalar() for name in names]
        assert settings == ["ours", "pg_catalog", "UTC"]
        info = connection.connection.driver_connection.info.get_parameters()  # type: ignore[union-attr]
        assert (info["keepalives_idle"], info["keepalives_interval"], info["connect_timeout"]) == (
            "3",
            "5",
            "7",
        )
    bus.ring("changes")
    assert heard(bell, {"changes"}) == {"changes"}
    bell.close()
    bus.close()
    store.dispose()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_socket_of_a_dead_listener_is_removed(store: Store, bus: Bus) -> None:
    bell = bus.listen()
    folder = run_directory(store.home) / "bell"
    assert len(list(folder.iterdir())) == 1
    bell._socket.close()  # type: ignore[attr-defined]  # what a killed process leaves behind
    bus.ring("inbox")
    assert list(folder.iterdir()) == []

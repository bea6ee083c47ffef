"""The leader's lease."""

from __future__ import annotations

from etesian.store import Store
from etesian.store.queries import leader
from tests.conformance.store.samples import LEASE, NOW, SECOND


def test_the_first_to_ask_leads(store: Store) -> None:
    with store.write() as connection:
        assert leader.load_lease(connection) is None
        assert leader.acquire(connection, "one", NOW, LEASE) == 1
        lease = leader.load_lease(connection)
    assert lease == leader.LeaseRecord(
        partition=0, holder="one", epoch=1, renewed_at=NOW, expires_at=NOW + LEASE
    )


def test_a_standby_waits_until_the_lease_runs_out(store: Store) -> None:
    with store.write() as connection:
        leader.acquire(connection, "one", NOW, LEASE)
        assert leader.acquire(connection, "two", NOW + LEASE - SECOND, LEASE) is None
        assert leader.acquire(connection, "two", NOW + LEASE, LEASE) == 2


def test_a_renewed_lease_lasts_longer(store: Store) -> None:
    with store.write() as connection:
        leader.acquire(connection, "one", NOW, LEASE)
        assert leader.renew(connection, 1, NOW + SECOND, LEASE)
        assert leader.acquire(connection, "two", NOW + LEASE, LEASE) is None


def test_who_was_taken_over_cannot_renew_or_release(store: Store) -> None:
    with store.write() as connection:
        leader.acquire(connection, "one", NOW, LEASE)
        leader.acquire(connection, "two", NOW + LEASE, LEASE)
        assert not leader.renew(connection, 1, NOW + LEASE, LEASE)
        assert not leader.release(connection, 1)
        assert leader.renew(connection, 2, NOW + LEASE, LEASE)


def test_a_released_lease_is_free_at_once(store: Store) -> None:
    with store.write() as connection:
        leader.acquire(connection, "one", NOW, LEASE)
        assert leader.release(connection, 1)
        assert not leader.renew(connection, 1, NOW, LEASE)
        assert leader.acquire(connection, "two", NOW, LEASE) == 2


def test_a_leader_that_asks_again_gets_a_new_epoch(store: Store) -> None:
    with store.write() as connection:
        assert leader.acquire(connection, "one", NOW, LEASE) == 1
        assert leader.acquire(connection, "one", NOW, LEASE) == 2


def test_partitions_are_led_apart(store: Store) -> None:
    with store.write() as connection:
        assert leader.acquire(connection, "one", NOW, LEASE, partition=0) == 1
        assert leader.acquire(connection, "two", NOW, LEASE, partition=1) == 1

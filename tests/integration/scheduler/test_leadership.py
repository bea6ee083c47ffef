"""The lease, when clocks are set."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from etesian.scheduler.core.core import Core
from etesian.scheduler.core.settings import CoreSettings
from etesian.scheduler.shell.inbox import InboxReader
from etesian.scheduler.shell.leadership import Leadership
from etesian.scheduler.shell.settings import ShellSettings
from etesian.store import Store, open_store
from etesian.store.errors import LeadershipLostError
from etesian.store.queries.leader import load_lease
from etesian.store.schema import migrate
from etesian.testing.clock import FakeClock

NOON = FakeClock("2030-01-01T12:00").now()
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


def settings(home: Path, holder: str) -> ShellSettings:
    return ShellSettings(home=home, holder=holder, core=CoreSettings())


@pytest.fixture
def store(tmp_path: Path) -> Store:
    opened = open_store("", home=tmp_path)
    migrate(opened)
    return opened


@pytest.mark.parametrize("step", [-HOUR, -2 * SECOND, SECOND, HOUR])
def test_a_lease_is_renewed_in_time_however_the_clock_is_set(store: Store, step: timedelta) -> None:
    leadership = Leadership(settings(store.home, "one"), store)
    assert leadership.try_acquire(NOON)
    leadership.renew_if_due(NOON + step)
    with store.read() as connection:
        lease = load_lease(connection)
    assert lease is not None
    assert (lease.renewed_at, lease.expires_at) == (NOON + step, NOON + step + 5 * SECOND)


def test_a_leader_whose_clock_is_behind_loses_the_lease_and_notices(store: Store) -> None:
    one, two = (Leadership(settings(store.home, holder), store) for holder in ("one", "two"))
    assert one.try_acquire(NOON - HOUR)
    assert two.try_acquire(NOON)
    with pytest.raises(LeadershipLostError, match="took over from one"):
        one.renew_if_due(NOON - HOUR + SECOND)
    two.renew_if_due(NOON + SECOND)


def test_the_inbox_is_looked_at_when_the_clock_was_set_back(store: Store) -> None:
    reader = InboxReader(store, settings(store.home, "one"), Core(CoreSettings()))
    reader.read(NOON)
    assert not reader.is_due(NOON + SECOND / 2)
    assert reader.is_due(NOON + SECOND)
    assert reader.is_due(NOON - HOUR)

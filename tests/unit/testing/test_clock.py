"""The clock that tests move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from etesian.foundation.clock import pause, utc_now
from etesian.testing import FakeClock
from etesian.testing.clock import ClockError, as_moment, using_clock


def test_it_shows_the_moment_it_was_told() -> None:
    assert FakeClock("2030-01-01T06:00").now() == datetime(2030, 1, 1, 6, tzinfo=UTC)


def test_time_passes_when_it_is_told_to() -> None:
    clock = FakeClock("2030-01-01")
    clock.advance(timedelta(days=1), hours=1, seconds=1)
    assert clock.now() == datetime(2030, 1, 2, 1, 0, 1, tzinfo=UTC)
    assert clock.monotonic() == 90001


def test_moving_to_a_moment_that_has_passed_changes_nothing() -> None:
    clock = FakeClock("2030-01-02")
    clock.move_to("2030-01-01")
    assert clock.now() == datetime(2030, 1, 2, tzinfo=UTC)


def test_time_does_not_run_backwards() -> None:
    with pytest.raises(ClockError, match="backwards"):
        FakeClock().advance(seconds=-1)


def test_a_ticking_clock_goes_on_by_itself() -> None:
    clock = FakeClock("2030-01-01", is_ticking=True)
    assert clock.now() < clock.now()


def test_code_without_a_clock_of_its_own_goes_by_it_and_never_waits() -> None:
    with using_clock(FakeClock("2030-01-01")):
        pause(3600)
        assert utc_now() == datetime(2030, 1, 1, 1, tzinfo=UTC)
    assert utc_now().year < 2200
    assert utc_now() != datetime(2030, 1, 1, 1, tzinfo=UTC)


def test_text_that_is_no_moment_is_refused() -> None:
    with pytest.raises(ClockError, match="'soon' is not a moment"):
        as_moment("soon")

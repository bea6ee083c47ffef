from __future__ import annotations

from datetime import UTC, datetime, timedelta

from etesian.scheduler.core.timers import MIN_COMPACTION, TimerKind, Timers

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_timers_ring_in_order_and_once() -> None:
    timers = Timers()
    timers.set(TimerKind.WAKE, "b", later(2))
    timers.set(TimerKind.WAKE, "a", later(1))
    timers.set(TimerKind.WAKE, "c", later(3))
    assert timers.next_at() == later(1)
    assert timers.pop_due(later(2)) == [(TimerKind.WAKE, "a"), (TimerKind.WAKE, "b")]
    assert timers.pop_due(later(2)) == []
    assert timers.next_at() == later(3)


def test_setting_a_timer_again_moves_it() -> None:
    timers = Timers()
    timers.set(TimerKind.WAKE, "a", later(1))
    timers.set(TimerKind.WAKE, "a", later(5))
    assert timers.pop_due(later(4)) == []
    timers.set(TimerKind.WAKE, "a", later(2))
    assert timers.pop_due(later(4)) == [(TimerKind.WAKE, "a")]
    assert len(timers) == 0


def test_a_cancelled_timer_does_not_ring() -> None:
    timers = Timers()
    timers.set(TimerKind.WAKE, "a", later(1))
    timers.set(TimerKind.OVERDUE, "a", later(2))
    timers.cancel(TimerKind.WAKE, "a")
    timers.cancel(TimerKind.WAKE, "never set")
    assert timers.next_at() == later(2)


def test_dead_entries_do_not_pile_up() -> None:
    timers = Timers()
    for number in range(50 * MIN_COMPACTION):
        timers.set(TimerKind.WAKE, "a", later(number))
    assert len(timers._heap) <= MIN_COMPACTION
    assert timers.pending() == {(TimerKind.WAKE, "a"): later(50 * MIN_COMPACTION - 1)}

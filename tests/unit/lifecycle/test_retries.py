from __future__ import annotations

import pytest

from etesian.lifecycle.retries import MAX_RETRY_DELAY_SECONDS, compute_retry_delay, may_retry
from etesian.spec.task import TaskSpec


def delays(task: TaskSpec, count: int) -> list[float]:
    return [compute_retry_delay(task, number) for number in range(1, count + 1)]


def test_the_delay_is_constant_without_a_back_off() -> None:
    assert delays(TaskSpec(task_id="t", retry_delay_seconds=7), 3) == [7, 7, 7]


def test_the_delay_is_multiplied_after_each_try() -> None:
    task = TaskSpec(task_id="t", retry_delay_seconds=10, retry_backoff_factor=3)
    assert delays(task, 4) == [10, 30, 90, 270]


def test_the_delay_never_exceeds_the_task_s_own_cap() -> None:
    task = TaskSpec(task_id="t", retry_delay_seconds=50, retry_backoff_factor=2, max_retry_delay_seconds=120)
    assert delays(task, 4) == [50, 100, 120, 120]


def test_a_back_off_never_waits_longer_than_a_day() -> None:
    task = TaskSpec(task_id="t", retry_delay_seconds=300, retry_backoff_factor=1e9)
    assert compute_retry_delay(task, 10_000) == MAX_RETRY_DELAY_SECONDS


def test_a_factor_below_one_makes_the_wait_shorter() -> None:
    task = TaskSpec(task_id="t", retry_delay_seconds=80, retry_backoff_factor=0.5)
    assert delays(task, 3) == [80, 40, 20]


def test_a_delay_is_never_negative() -> None:
    assert compute_retry_delay(TaskSpec(task_id="t", retry_delay_seconds=-5), 1) == 0


@pytest.mark.parametrize(
    ("try_number", "max_tries", "allowed"), [(1, 0, False), (1, 1, True), (2, 1, False), (3, 5, True)]
)
def test_retries_are_counted_beyond_the_first_try(try_number: int, max_tries: int, *, allowed: bool) -> None:
    assert may_retry(try_number, max_tries) is allowed

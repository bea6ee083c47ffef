"""When a failed task is tried again."""

from __future__ import annotations

from typing import Final

from etesian.spec.task import TaskSpec

#: No wait between two tries is longer, whatever the back-off says.
MAX_RETRY_DELAY_SECONDS: Final = 86400.0
#: After this many multiplications the wait no longer changes in practice; more would only cost time.
MAX_BACKOFF_STEPS: Final = 64


def may_retry(try_number: int, max_tries: int) -> bool:
    """Return whether another try may follow try ``try_number`` (from 1), when ``max_tries`` follow the first."""
    return try_number <= max_tries


def compute_retry_delay(task: TaskSpec, failed_tries: int) -> float:
    """Return the seconds to wait after failed try number ``failed_tries`` (from 1, counted since the last clear).

    With a back-off factor the wait is multiplied by it after each try. It is capped by the task's
    ``max_retry_delay_seconds``, and by a day.

    >>> task = TaskSpec(task_id="t", retry_delay_seconds=10, retry_backoff_factor=2, max_retry_delay_seconds=30.0)
    >>> [compute_retry_delay(task, n) for n in (1, 2, 3, 1000)]
    [10.0, 20.0, 30.0, 30.0]
    """
    delay = float(max(task.retry_delay_seconds, 0.0))
    if not task.retry_backoff_factor:
        return delay
    cap = min(MAX_RETRY_DELAY_SECONDS, task.max_retry_delay_seconds or MAX_RETRY_DELAY_SECONDS)
    for _ in range(min(failed_tries - 1, MAX_BACKOFF_STEPS)):
        delay = min(delay * task.retry_backoff_factor, cap)
    return min(delay, cap)

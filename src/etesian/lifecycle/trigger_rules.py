"""What each trigger rule makes of the states of a task's upstream task instances.

All rules are functions of counts, so that a finished task costs its downstream tasks one addition and one
evaluation, however many upstream tasks they have. An upstream task instance that was removed does not count at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

from etesian.lifecycle.state import TaskState
from etesian.spec.trigger_rule import TriggerRule


class Verdict(StrEnum):
    """What follows for a task that waits for its upstream tasks."""

    WAIT = "wait"  #: nothing can be said yet
    RUN = "run"  #: the rule holds
    SKIP = (
        "skip"  #: the rule can no longer hold, because of skips or because what it waits for did not happen
    )
    UPSTREAM_FAILED = "upstream_failed"  #: the rule can no longer hold, because of a failure


class UpstreamCounts:
    """How many upstream task instances there are, and how many of them are in which final state.

    Mutable, because a run keeps one per task and adds to it; the rules only read it.
    """

    __slots__ = (
        "failed",
        "setup_skipped",
        "setup_success",
        "setups",
        "skipped",
        "success",
        "total",
        "upstream_failed",
    )

    def __init__(
        self, total: int = 0, *, success: int = 0, failed: int = 0, upstream_failed: int = 0, skipped: int = 0
    ) -> None:
        self.total = total
        self.success = success
        self.failed = failed
        self.upstream_failed = upstream_failed
        self.skipped = skipped
        self.setups = 0  #: how many of ``total`` are setup tasks
        self.setup_success = 0
        self.setup_skipped = 0

    @property
    def done(self) -> int:
        """How many are in a final state."""
        return self.success + self.failed + self.upstream_failed + self.skipped

    def expect(self, number: int, *, is_setup: bool = False) -> None:
        """Count ``number`` more task instances (fewer, if negative), whatever their state."""
        self.total += number
        if is_setup:
            self.setups += number

    def add(self, state: TaskState, number: int, *, is_setup: bool = False) -> None:
        """Count ``number`` more task instances (fewer, if negative) in ``state``; only final states matter."""
        if state is TaskState.SUCCESS:
            self.success += number
            if is_setup:
                self.setup_success += number
        elif state is TaskState.SKIPPED:
            self.skipped += number
            if is_setup:
                self.setup_skipped += number
        elif state is TaskState.FAILED:
            self.failed += number
        elif state is TaskState.UPSTREAM_FAILED:
            self.upstream_failed += number

    def plus(self, other: UpstreamCounts) -> UpstreamCounts:
        """Return the sum of both."""
        result = UpstreamCounts()
        for name in UpstreamCounts.__slots__:
            setattr(result, name, getattr(self, name) + getattr(other, name))
        return result


def _all_success(up: UpstreamCounts) -> Verdict:
    if up.success == up.total:
        return Verdict.RUN
    return _first_trouble(up)


def _first_trouble(up: UpstreamCounts) -> Verdict:
    if up.failed or up.upstream_failed:
        return Verdict.UPSTREAM_FAILED
    return Verdict.SKIP if up.skipped else Verdict.WAIT


def _all_failed(up: UpstreamCounts) -> Verdict:
    if up.success or up.skipped:
        return Verdict.SKIP
    return Verdict.RUN if up.failed + up.upstream_failed == up.total else Verdict.WAIT


def _all_done(up: UpstreamCounts) -> Verdict:
    return Verdict.RUN if up.done == up.total else Verdict.WAIT


def _all_done_min_one_success(up: UpstreamCounts) -> Verdict:
    if up.skipped:
        return Verdict.SKIP
    if up.done < up.total:
        return Verdict.WAIT
    return Verdict.RUN if up.success else Verdict.UPSTREAM_FAILED


def _all_done_setup_success(up: UpstreamCounts) -> Verdict:
    if up.done < up.total:
        return Verdict.WAIT
    if not up.setups or up.setup_success:
        return Verdict.RUN
    return Verdict.SKIP if up.setup_skipped == up.setups else Verdict.UPSTREAM_FAILED


def _all_skipped(up: UpstreamCounts) -> Verdict:
    if up.done > up.skipped:
        return Verdict.SKIP
    return Verdict.RUN if up.skipped == up.total else Verdict.WAIT


def _one_failed(up: UpstreamCounts) -> Verdict:
    if up.failed or up.upstream_failed:
        return Verdict.RUN
    return Verdict.SKIP if up.done == up.total else Verdict.WAIT


def _one_success(up: UpstreamCounts) -> Verdict:
    if up.success:
        return Verdict.RUN
    if up.done < up.total:
        return Verdict.WAIT
    return Verdict.SKIP if up.skipped == up.total else Verdict.UPSTREAM_FAILED


def _one_done(up: UpstreamCounts) -> Verdict:
    if up.success or up.failed:
        return Verdict.RUN
    return Verdict.SKIP if up.done == up.total else Verdict.WAIT


def _none_failed(up: UpstreamCounts) -> Verdict:
    if up.failed or up.upstream_failed:
        return Verdict.UPSTREAM_FAILED
    return Verdict.RUN if up.done == up.total else Verdict.WAIT


def _none_failed_min_one_success(up: UpstreamCounts) -> Verdict:
    if up.failed or up.upstream_failed:
        return Verdict.UPSTREAM_FAILED
    if up.done < up.total:
        return Verdict.WAIT
    return Verdict.RUN if up.success else Verdict.SKIP


def _none_skipped(up: UpstreamCounts) -> Verdict:
    if up.skipped:
        return Verdict.SKIP
    return Verdict.RUN if up.done == up.total else Verdict.WAIT


def _always(_: UpstreamCounts) -> Verdict:
    return Verdict.RUN


_RULES: Final[Mapping[TriggerRule, Callable[[UpstreamCounts], Verdict]]] = {
    TriggerRule.ALL_SUCCESS: _all_success,
    TriggerRule.ALL_FAILED: _all_failed,
    TriggerRule.ALL_DONE: _all_done,
    TriggerRule.ALL_DONE_MIN_ONE_SUCCESS: _all_done_min_one_success,
    TriggerRule.ALL_DONE_SETUP_SUCCESS: _all_done_setup_success,
    TriggerRule.ALL_SKIPPED: _all_skipped,
    TriggerRule.ONE_FAILED: _one_failed,
    TriggerRule.ONE_SUCCESS: _one_success,
    TriggerRule.ONE_DONE: _one_done,
    TriggerRule.NONE_FAILED: _none_failed,
    TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS: _none_failed_min_one_success,
    TriggerRule.NONE_SKIPPED: _none_skipped,
    TriggerRule.ALWAYS: _always,
}


def evaluate_rule(rule: TriggerRule, upstream: UpstreamCounts) -> Verdict:
    """Say what follows from ``rule`` for a task with these upstream task instances.

    Without upstream task instances every rule holds. Once all of them are final, no rule waits.
    """
    if not upstream.total:
        return Verdict.RUN
    return _RULES[rule](upstream)


def evaluate_setups(setups: UpstreamCounts) -> Verdict:
    """Say what follows for a task from the setup tasks above it that are not its direct upstream tasks.

    All of them must succeed; a failed one or a skipped one decides at once.
    """
    return _all_success(setups)

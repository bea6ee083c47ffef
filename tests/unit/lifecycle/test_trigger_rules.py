"""All 13 trigger rules over all combinations of up to four upstream states, against their descriptions in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations_with_replacement

import pytest

from etesian.lifecycle.state import TaskState
from etesian.lifecycle.trigger_rules import UpstreamCounts, Verdict, evaluate_rule, evaluate_setups
from etesian.spec.trigger_rule import TriggerRule

S = TaskState
States = Sequence[TaskState]
#: One open state stands for all of them: the rules cannot tell them apart.
POSSIBLE = (S.RUNNING, S.SUCCESS, S.FAILED, S.UPSTREAM_FAILED, S.SKIPPED)
COMBINATIONS = [states for size in range(1, 5) for states in combinations_with_replacement(POSSIBLE, size)]


def is_done(states: States) -> bool:
    return all(state.is_final for state in states)


def has(states: States, *wanted: TaskState) -> bool:
    return any(state in wanted for state in states)


def only(states: States, *wanted: TaskState) -> bool:
    return all(state in wanted for state in states)


#: When a task of each rule starts, as the documentation says it.
STARTS: dict[TriggerRule, Callable[[States], bool]] = {
    TriggerRule.ALL_SUCCESS: lambda up: only(up, S.SUCCESS),
    TriggerRule.ALL_FAILED: lambda up: only(up, S.FAILED, S.UPSTREAM_FAILED),
    TriggerRule.ALL_DONE: is_done,
    TriggerRule.ALL_DONE_MIN_ONE_SUCCESS: lambda up: (
        is_done(up) and has(up, S.SUCCESS) and not has(up, S.SKIPPED)
    ),
    TriggerRule.ALL_DONE_SETUP_SUCCESS: is_done,
    TriggerRule.ALL_SKIPPED: lambda up: only(up, S.SKIPPED),
    TriggerRule.ONE_FAILED: lambda up: has(up, S.FAILED, S.UPSTREAM_FAILED),
    TriggerRule.ONE_SUCCESS: lambda up: has(up, S.SUCCESS),
    TriggerRule.ONE_DONE: lambda up: has(up, S.SUCCESS, S.FAILED),
    TriggerRule.NONE_FAILED: lambda up: only(up, S.SUCCESS, S.SKIPPED),
    TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS: lambda up: only(up, S.SUCCESS, S.SKIPPED) and has(up, S.SUCCESS),
    TriggerRule.NONE_SKIPPED: lambda up: is_done(up) and not has(up, S.SKIPPED),
    TriggerRule.ALWAYS: lambda _: True,
}

#: Of tasks that will not start: which are upstream_failed; the others are skipped.
FAILS: dict[TriggerRule, Callable[[States], bool]] = {
    TriggerRule.ALL_SUCCESS: lambda up: has(up, S.FAILED, S.UPSTREAM_FAILED),
    TriggerRule.ALL_DONE_MIN_ONE_SUCCESS: lambda up: not has(up, S.SKIPPED),
    TriggerRule.ONE_SUCCESS: lambda up: not only(up, S.SKIPPED),
    TriggerRule.NONE_FAILED: lambda up: has(up, S.FAILED, S.UPSTREAM_FAILED),
    TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS: lambda up: has(up, S.FAILED, S.UPSTREAM_FAILED),
}

#: When it is certain, before all upstream tasks are done, that a task will not start.
HOPELESS: dict[TriggerRule, Callable[[States], bool]] = {
    TriggerRule.ALL_SUCCESS: lambda up: has(up, S.FAILED, S.UPSTREAM_FAILED, S.SKIPPED),
    TriggerRule.ALL_FAILED: lambda up: has(up, S.SUCCESS, S.SKIPPED),
    TriggerRule.ALL_DONE_MIN_ONE_SUCCESS: lambda up: has(up, S.SKIPPED),
    TriggerRule.ALL_SKIPPED: lambda up: has(up, S.SUCCESS, S.FAILED, S.UPSTREAM_FAILED),
    TriggerRule.NONE_FAILED: lambda up: has(up, S.FAILED, S.UPSTREAM_FAILED),
    TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS: lambda up: has(up, S.FAILED, S.UPSTREAM_FAILED),
    TriggerRule.NONE_SKIPPED: lambda up: has(up, S.SKIPPED),
}


def expected(rule: TriggerRule, states: States) -> Verdict:
    if STARTS[rule](states):
        return Verdict.RUN
    if not is_done(states) and not HOPELESS.get(rule, lambda _: False)(states):
        return Verdict.WAIT
    return Verdict.UPSTREAM_FAILED if FAILS.get(rule, lambda _: False)(states) else Verdict.SKIP


def count(states: States, *, setups: int = 0) -> UpstreamCounts:
    """Count states; the first ``setups`` of them are those of setup tasks."""
    counts = UpstreamCounts()
    for number, state in enumerate(states):
        counts.expect(1, is_setup=number < setups)
        counts.add(state, 1, is_setup=number < setups)
    return counts


@pytest.mark.parametrize("rule", list(TriggerRule))
def test_a_rule_does_what_its_description_says_for_all_upstream_states(rule: TriggerRule) -> None:
    for states in COMBINATIONS:
        assert evaluate_rule(rule, count(states)) is expected(rule, states), states


@pytest.mark.parametrize("rule", list(TriggerRule))
def test_a_task_without_upstream_tasks_starts(rule: TriggerRule) -> None:
    assert evaluate_rule(rule, UpstreamCounts()) is Verdict.RUN


@pytest.mark.parametrize("rule", list(TriggerRule))
def test_no_rule_waits_when_everything_above_is_done(rule: TriggerRule) -> None:
    for states in COMBINATIONS:
        if is_done(states):
            assert evaluate_rule(rule, count(states)) is not Verdict.WAIT, states


@pytest.mark.parametrize("rule", list(TriggerRule))
def test_what_is_decided_early_stays_decided(rule: TriggerRule) -> None:
    for states in COMBINATIONS:
        first = evaluate_rule(rule, count(states))
        if first is Verdict.WAIT or is_done(states):
            continue
        for state in POSSIBLE[1:]:
            later = [state if each is S.RUNNING else each for each in states]
            second = evaluate_rule(rule, count(later))
            has_both = rule in FAILS and has(later, S.FAILED, S.UPSTREAM_FAILED) and has(states, S.SKIPPED)
            assert second is first or (has_both and first is Verdict.SKIP), (states, later)


@pytest.mark.parametrize(
    ("states", "setups", "verdict"),
    [
        ([S.SUCCESS, S.RUNNING], 1, Verdict.WAIT),
        ([S.SUCCESS, S.FAILED], 1, Verdict.RUN),
        ([S.SUCCESS, S.FAILED, S.SUCCESS], 2, Verdict.RUN),
        ([S.FAILED, S.SUCCESS], 1, Verdict.UPSTREAM_FAILED),
        ([S.SKIPPED, S.SUCCESS], 1, Verdict.SKIP),
        ([S.SKIPPED, S.FAILED, S.SUCCESS], 2, Verdict.UPSTREAM_FAILED),
        ([S.SKIPPED, S.SKIPPED], 0, Verdict.RUN),
    ],
)
def test_a_teardown_runs_when_all_is_done_and_one_of_its_setups_succeeded(
    states: list[TaskState], setups: int, verdict: Verdict
) -> None:
    assert evaluate_rule(TriggerRule.ALL_DONE_SETUP_SUCCESS, count(states, setups=setups)) is verdict


@pytest.mark.parametrize(
    ("states", "verdict"),
    [
        ([], Verdict.RUN),
        ([S.SUCCESS, S.SUCCESS], Verdict.RUN),
        ([S.SUCCESS, S.RUNNING], Verdict.WAIT),
        ([S.FAILED, S.RUNNING], Verdict.UPSTREAM_FAILED),
        ([S.SKIPPED, S.RUNNING], Verdict.SKIP),
    ],
)
def test_all_setups_above_a_task_must_have_succeeded(states: list[TaskState], verdict: Verdict) -> None:
    assert evaluate_setups(count(states)) is verdict


def test_counts_can_be_taken_back() -> None:
    counts = count([S.SUCCESS, S.FAILED, S.SKIPPED, S.UPSTREAM_FAILED], setups=3)
    for number, state in enumerate([S.SUCCESS, S.FAILED, S.SKIPPED, S.UPSTREAM_FAILED]):
        counts.add(state, -1, is_setup=number < 3)
        counts.expect(-1, is_setup=number < 3)
    assert [getattr(counts, name) for name in UpstreamCounts.__slots__] == [0] * len(UpstreamCounts.__slots__)


def test_counts_of_two_groups_add_up() -> None:
    both = count([S.SUCCESS, S.RUNNING], setups=1).plus(count([S.FAILED, S.SKIPPED], setups=2))
    assert (both.total, both.success, both.failed, both.skipped, both.done) == (4, 1, 1, 1, 3)
    assert (both.setups, both.setup_success, both.setup_skipped) == (3, 1, 1)

"""The table of states: every pair of states, and what must hold of the table as a whole."""

from __future__ import annotations

from itertools import product

import pytest

from etesian.lifecycle.state import (
    ALLOWED,
    FINAL_RUN_STATES,
    FINAL_TASK_STATES,
    OCCUPYING_STATES,
    IllegalTransitionError,
    RunState,
    TaskState,
    check_transition,
)

#: From state to the states that may follow, as promised to users. Anything else is an error.
FOLLOWERS = {
    "none": "scheduled skipped upstream_failed removed success failed",
    "scheduled": "queued none skipped upstream_failed removed success failed",
    "queued": "running scheduled up_for_retry restarting removed none success failed skipped",
    "running": "success failed skipped up_for_retry up_for_reschedule deferred awaiting_input restarting removed",
    "up_for_retry": "scheduled none skipped upstream_failed removed success failed",
    "up_for_reschedule": "scheduled none skipped upstream_failed removed success failed",
    "deferred": "scheduled up_for_retry none skipped upstream_failed removed success failed",
    "awaiting_input": "scheduled up_for_retry none skipped upstream_failed removed success failed",
    "restarting": "none removed success failed skipped",
    "success": "none success failed skipped removed",
    "failed": "none success failed skipped removed",
    "skipped": "none success failed skipped removed",
    "upstream_failed": "none success failed skipped removed",
    "removed": "none",
}


@pytest.mark.parametrize(("old", "new"), list(product(TaskState, TaskState)))
def test_every_pair_of_states_is_allowed_or_refused_as_promised(old: TaskState, new: TaskState) -> None:
    if new in FOLLOWERS[old].split():
        check_transition("etl.load", old, new)
    else:
        with pytest.raises(
            IllegalTransitionError, match=f"'etl.load' cannot go from {old} to {new}; allowed: "
        ):
            check_transition("etl.load", old, new)


def test_every_state_that_is_not_final_can_be_left_without_a_user() -> None:
    by_users = {TaskState.NONE, TaskState.REMOVED}
    for state in set(TaskState) - FINAL_TASK_STATES:
        assert ALLOWED[state] - by_users, f"{state} is a trap"


def test_every_state_can_be_reached_and_leads_to_a_final_one() -> None:
    reached = {TaskState.NONE}
    while (more := reached | {new for old in reached for new in ALLOWED[old]}) != reached:
        reached = more
    assert reached == set(TaskState)
    for state in TaskState:
        assert state in FINAL_TASK_STATES or ALLOWED[state] & FINAL_TASK_STATES


def test_a_final_state_is_left_only_by_a_clear_a_mark_or_a_removal() -> None:
    left_to = set().union(*(ALLOWED[state] for state in FINAL_TASK_STATES))
    marks = {TaskState.SUCCESS, TaskState.FAILED, TaskState.SKIPPED}
    assert left_to == {TaskState.NONE, TaskState.REMOVED} | marks


def test_no_final_state_holds_a_slot() -> None:
    assert not FINAL_TASK_STATES & OCCUPYING_STATES


@pytest.mark.parametrize("state", list(TaskState))
def test_a_task_state_knows_whether_it_is_final(state: TaskState) -> None:
    assert state.is_final == (state in FINAL_TASK_STATES)


@pytest.mark.parametrize("state", list(RunState))
def test_a_run_state_knows_whether_it_is_final(state: RunState) -> None:
    assert state.is_final == (state in FINAL_RUN_STATES)

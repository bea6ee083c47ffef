"""Tasks that ask a person, in a run without people."""

from __future__ import annotations

import pytest

from etesian import DAG
from etesian.operators.hitl import ApprovalOperator
from etesian.testing import run_dag
from etesian.testing.run_driver import RunStuckError


def asking() -> DAG:
    with DAG("asks") as dag:
        ApprovalOperator(task_id="approve", subject="Go on?")
    return dag


def test_a_question_gets_the_answer_that_the_test_gives() -> None:
    run = run_dag(asking(), answers={"approve": "Approve"}).raise_if_failed()
    assert run.task("approve").xcom["chosen_options"] == ["Approve"]


def test_a_run_that_waits_for_a_person_says_so() -> None:
    with pytest.raises(RunStuckError, match=r"approve is awaiting_input.*give `answers=`"):
        run_dag(asking())

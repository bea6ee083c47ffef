"""Operators that their provider packages dropped."""

from __future__ import annotations

from typing import Any

import pytest

from etesian import DAG
from etesian.compat.adapters import retired
from etesian.compat.adapters.retired import RetiredOperatorError
from etesian.operators.empty import EmptyOperator


def make(name: str, **kwargs: Any) -> Any:
    return getattr(retired, name)(**kwargs)


def test_a_retired_operator_is_a_task_under_its_name_whatever_it_is_given() -> None:
    with DAG("models") as dag:
        with pytest.warns(DeprecationWarning, match="TrainModelOperator is no longer in"):
            train = make("TrainModelOperator", task_id="train", retries=2, location="us", model={"a": 1})
        train >> EmptyOperator(task_id="after")
    assert (train.task_type, train.retries) == ("TrainModelOperator", 2)
    assert dag.get_task("after").upstream_task_ids == {"train"}


def test_its_task_fails_and_says_why() -> None:
    with DAG("models"), pytest.warns(DeprecationWarning, match="the task will fail"):
        train = make("TrainModelOperator", task_id="train")
    with pytest.raises(RetiredOperatorError, match="see the provider's changelog"):
        train.execute({})


def test_a_retired_hook_can_be_named_and_not_used() -> None:
    hook = make("ModelHook", gcp_conn_id="x")
    with pytest.raises(RetiredOperatorError, match="ModelHook is no longer"):
        hook.get_conn()


def test_other_names_are_not_made() -> None:
    assert not hasattr(retired, "train_model")


def test_what_files_take_from_the_hook_of_automl_while_they_are_read_is_there() -> None:
    assert retired.CloudAutoMLHook.extract_object_id({"name": "projects/p/datasets/d1"}) == "d1"

"""Older arguments that all classes of a package took."""

from __future__ import annotations

from typing import Any

import pytest

from etesian import DAG
from etesian.sdk.exceptions import UnknownArgumentError
from etesian.sdk.tasks import argument_adapters
from etesian.sdk.tasks.argument_adapters import ArgumentAdapter, register_family
from etesian.sdk.tasks.operator import BaseOperator

PACKAGE = __name__


class CloudOperator(BaseOperator):
    def __init__(self, *, conn_id: str = "default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.conn_id = conn_id


class TableOperator(CloudOperator):
    def __init__(self, *, table: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.table = table


class LocalOperator(BaseOperator):
    def __init__(self, *, path: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)


@pytest.fixture(autouse=True)
def family(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(argument_adapters, "_FAMILIES", [])
    adapter = ArgumentAdapter(renamed={"cloud_conn_id": "conn_id"}, without_effect=frozenset({"delegate_to"}))
    register_family(PACKAGE, "conn_id", adapter)


def test_a_family_reads_older_arguments_also_for_subclasses() -> None:
    with DAG("old"):
        task = TableOperator(task_id="load", table="t", cloud_conn_id="mine", delegate_to="nobody")
    assert task.conn_id == "mine"


def test_older_arguments_may_come_from_default_args() -> None:
    with DAG("old", default_args={"cloud_conn_id": "mine"}):
        task = TableOperator(task_id="load", table="t")
    assert task.conn_id == "mine"


def test_classes_without_the_argument_beside_are_not_of_the_family() -> None:
    with DAG("old"), pytest.raises(UnknownArgumentError, match="delegate_to"):
        LocalOperator(task_id="load", path="p", delegate_to="nobody")

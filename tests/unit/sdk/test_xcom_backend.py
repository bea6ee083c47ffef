"""XComs through a class of the installation's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from etesian import DAG, task
from etesian.compat.models.xcom import BaseXCom
from etesian.lifecycle.records import TaskKey
from etesian.sdk.defaults import AuthoringDefaults, set_authoring_defaults
from etesian.sdk.xcoms.xcom_backend import XComBackendError, find_backend
from etesian.testing import RunResult, run_dag


class Shelf(BaseXCom):
    """Keeps long texts on a shelf and stores where, as backends of object stores do."""

    kept: ClassVar[dict[str, str]] = {}

    @staticmethod
    def serialize_value(value: Any, **place_of: Any) -> Any:
        if isinstance(value, str) and len(value) > 10:
            names = ("dag_id", "run_id", "task_id", "map_index", "key")
            place = f"shelf://{'/'.join(str(place_of[name]) for name in names)}"
            Shelf.kept[place] = value
            value = place
        return BaseXCom.serialize_value(value)

    @staticmethod
    def deserialize_value(result: Any) -> Any:
        value = BaseXCom.deserialize_value(result)
        return Shelf.kept.get(value, value) if isinstance(value, str) else value


class Half:
    """Writes and cannot read."""

    serialize_value = staticmethod(str)


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(Shelf, "kept", {})
    yield from use(f"{__name__}.Shelf")


def use(class_path: str) -> Iterator[None]:
    set_authoring_defaults(AuthoringDefaults(xcom_backend=class_path))
    yield
    set_authoring_defaults(None)


def flow() -> RunResult:
    @task
    def push(ti: Any = None) -> str:
        ti.xcom_push("short", "text")
        ti.xcom_push("list", ["a long text number one", "b"])
        return "a text that is long"

    @task
    def pull(value: str, ti: Any = None) -> Any:
        return value, ti.xcom_pull(task_ids="push", key="short"), ti.xcom_pull(task_ids=["push"])

    @task
    def listed() -> list[str]:
        return ["one", "two"]

    @task
    def each(item: str) -> str:
        return f"the item is {item}"

    with DAG("etl") as dag:
        pull(push())
        each.expand(item=listed())
    return run_dag(dag, run_id="r")


@pytest.mark.usefixtures("shelf")
def test_a_backend_of_ones_own_writes_and_reads_xcoms() -> None:
    run = flow()
    assert run.states == dict.fromkeys(("push", "pull", "listed", "each[0]", "each[1]"), "success")
    assert Shelf.kept["shelf://etl/r/push/-1/return_value"] == "a text that is long"
    assert Shelf.kept["shelf://etl/r/each/1/return_value"] == "the item is two"
    stored = run.store.xcoms[TaskKey("etl", "r", "push")]["return_value"].value
    assert stored == b'"shelf://etl/r/push/-1/return_value"'
    assert run.task("pull").xcom[1] == "text"


def test_without_a_backend_values_are_json() -> None:
    assert flow().task("pull").xcom == ("a text that is long", "text", ["a text that is long"])


@pytest.mark.parametrize(
    ("class_path", "message"),
    [
        ("nowhere.Backend", "'nowhere.Backend' cannot be imported: No module named 'nowhere'"),
        (f"{__name__}.Missing", "cannot be imported"),
        (f"{__name__}.Half", "has no deserialize_value"),
    ],
)
def test_a_backend_that_cannot_be_used_says_why(class_path: str, message: str) -> None:
    using = use(class_path)
    next(using)
    with pytest.raises(XComBackendError, match=message):
        find_backend()
    next(using, None)

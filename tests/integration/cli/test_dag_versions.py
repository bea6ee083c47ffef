"""``etesian dags versions`` and ``etesian dags diff``."""

from __future__ import annotations

import pytest

from etesian.spec.dag import DagSpec
from etesian.spec.task import TaskSpec
from etesian.store import Store
from tests.conformance.store.samples import save_spec
from tests.integration.cli.conftest import Run


@pytest.fixture
def _versions(store: Store) -> None:
    for retries in (1, 2, 5):
        tasks = (TaskSpec(task_id="a", retries=retries), TaskSpec(task_id="b"))
        save_spec(store, DagSpec(dag_id="etl", file="etl.py", tasks=tasks[: 1 if retries < 5 else 2]))


@pytest.mark.usefixtures("_versions")
def test_versions_are_listed_with_the_one_in_force(run: Run) -> None:
    result = run("dags", "versions", "etl", "-o", "json")
    assert [(row["version"], row["in_force"], row["bundle"]) for row in result.data] == [
        (3, True, "dags"),
        (2, False, "dags"),
        (1, False, "dags"),
    ]


@pytest.mark.usefixtures("_versions")
def test_what_changed_last_is_shown_unless_others_are_named(run: Run) -> None:
    assert run("dags", "diff", "etl", "-o", "json").data == [
        {"path": "tasks.a.retries", "old": 2, "new": 5},
        {"path": "tasks.b", "old": None, "new": {}},
    ]
    assert run("dags", "diff", "etl", "--from", "1", "--to", "2", "-o", "json").data == [
        {"path": "tasks.a.retries", "old": 1, "new": 2}
    ]
    assert "define the same" in run("dags", "diff", "etl", "--from", "3").out


@pytest.mark.usefixtures("_versions")
def test_a_version_or_a_dag_that_is_not_there_is_named(run: Run) -> None:
    missing = run("dags", "diff", "etl", "--from", "9")
    assert (missing.code, "9" in missing.err) == (3, True)
    assert run("dags", "versions", "elt").code == 3

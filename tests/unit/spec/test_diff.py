from __future__ import annotations

from etesian.spec.dag import DagSpec
from etesian.spec.diff import SpecChange, diff_specs
from etesian.spec.task import GroupSpec, TaskSpec


def dag(*tasks: TaskSpec, **fields: object) -> DagSpec:
    return DagSpec(dag_id="d", file="d.py", tasks=tasks, **fields)  # type: ignore[arg-type]  # as given


def test_equal_specs_do_not_differ() -> None:
    assert diff_specs(dag(TaskSpec(task_id="a")), dag(TaskSpec(task_id="a"))) == []


def test_a_field_of_the_dag_and_one_of_a_task_are_named_by_their_path() -> None:
    old = dag(TaskSpec(task_id="a", retries=1), max_active_runs=1)
    new = dag(TaskSpec(task_id="a", retries=3, pool="big"), max_active_runs=2)
    assert diff_specs(old, new) == [
        SpecChange("max_active_runs", 1, 2),
        SpecChange("tasks.a.pool", None, "big"),
        SpecChange("tasks.a.retries", 1, 3),
    ]


def test_tasks_and_groups_that_come_and_go_are_named() -> None:
    old = dag(TaskSpec(task_id="a"), TaskSpec(task_id="gone"))
    new = dag(
        TaskSpec(task_id="a"), TaskSpec(task_id="new", upstream=("a",)), groups=(GroupSpec(group_id="g"),)
    )
    changes = {change.path: (change.old, change.new) for change in diff_specs(old, new)}
    assert changes == {
        "groups.g": (None, {}),
        "tasks.gone": ({}, None),
        "tasks.new": (None, {"upstream": ["a"]}),
    }


def test_the_order_and_the_lines_of_tasks_mean_nothing() -> None:
    old = dag(TaskSpec(task_id="a", line=3), TaskSpec(task_id="b", line=5))
    new = dag(TaskSpec(task_id="b", line=4), TaskSpec(task_id="a", line=9))
    assert diff_specs(old, new) == []


def test_values_inside_of_mappings_are_compared_one_by_one() -> None:
    old = dag(owner_links={"ann": "https://a", "bob": "https://b"})
    new = dag(owner_links={"ann": "https://a", "bob": "https://c"})
    assert diff_specs(old, new) == [SpecChange("owner_links.bob", "https://b", "https://c")]

"""DAGs inside DAGs, as Airflow 1 and 2 had them: they become task groups."""

from __future__ import annotations

from typing import Any

from etesian.sdk.arguments import as_trigger_rule
from etesian.sdk.dag import DAG
from etesian.sdk.scope import DagContext
from etesian.sdk.task_group import TaskGroup


class SubDagOperator(TaskGroup):
    """Takes over the tasks of another DAG as a group; the other DAG's schedule and limits no longer matter.

    The tasks keep their ids, so that templates which name them go on working. Where the DAG has one of the
    ids already, all of them get the group's name as a prefix.
    """

    def __init__(
        self, *, subdag: DAG, task_id: str, dag: Any = None, trigger_rule: Any = None, **kwargs: Any
    ) -> None:
        dag = dag or DagContext.get_current()
        is_taken = dag is not None and not subdag.used_node_ids.isdisjoint(dag.used_node_ids)
        super().__init__(
            task_id,
            prefix_group_id=is_taken,
            parent_group=kwargs.get("task_group") or (dag.task_group if dag is not None else None),
            dag=dag,
        )
        self.task_id = task_id
        self.subdag = subdag
        _forget(subdag)
        _take_over(subdag, self)
        if trigger_rule is not None:
            for root in self.roots:
                root.trigger_rule = as_trigger_rule(trigger_rule, f"SubDagOperator {task_id!r}")


def _forget(subdag: DAG) -> None:
    """Let the file define this DAG no longer."""
    subdag.is_subdag = True
    for key in [key for key in DagContext.autoregistered_dags if key[0] is subdag]:
        del DagContext.autoregistered_dags[key]


def _take_over(subdag: DAG, group: TaskGroup) -> None:
    """Move all tasks and groups of a DAG into a group of another one."""
    parent, root = group.dag, subdag.task_group
    tasks, inner = subdag.tasks, list(root.iter_groups())
    new_id = {node_id: group.child_id(node_id) for node_id in subdag.used_node_ids}
    for task in tasks:
        task.task_id = new_id[task.task_id]
        task.upstream_task_ids = {new_id[task_id] for task_id in task.upstream_task_ids}
        task.downstream_task_ids = {new_id[task_id] for task_id in task.downstream_task_ids}
        task.dag = None
    for child in inner:
        child.dag = parent
        child.group_id = new_id[str(child.group_id)]
    for child in [*inner, group]:
        members = root.children if child is group else child.children
        child.children = {str(member.node_id): member for member in members.values()}
    for member in group.children.values():
        if isinstance(member, TaskGroup):
            member.parent_group = group
        else:
            member.task_group = group
    parent.used_node_ids.update(new_id.values())
    for task in tasks:
        task.dag = parent
    for before, edges in subdag.edge_info.items():
        for after, info in edges.items():
            parent.set_edge_info(new_id[before], new_id[after], info)

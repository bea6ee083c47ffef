"""Skipping downstream tasks: what branches and short circuits have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from etesian.sdk.exceptions import AirflowException, DownstreamTasksSkipped
from etesian.sdk.tasks.task_node import TaskNode
from etesian.sdk.xcoms.xcom_arg import RETURN_VALUE_KEY


class BranchError(AirflowException):
    """A branch chose something that its DAG does not have."""


class SkipMixin:
    """For tasks that skip others. ``skip`` ends the task: it succeeds, the others are skipped."""

    inherits_from_skipmixin = True

    @staticmethod
    def skip(ti: Any = None, *positional: Any, tasks: Iterable[Any] | None = None, **_: Any) -> None:
        """Skip ``tasks``, given as tasks or by id.

        Airflow 1 and 2 gave the run and its date first: ``skip(dag_run, execution_date, tasks)``.

        Raises:
            DownstreamTasksSkipped: the signal to the platform, when there is anything to skip.
        """
        given: Iterable[Any] = tasks if tasks is not None else positional[-1]
        task_ids = [task if isinstance(task, str) else task.task_id for task in given]
        if task_ids:
            raise DownstreamTasksSkipped(tasks=_with_map_index(ti, task_ids))

    def skip_all_except(self, ti: Any, branch_task_ids: str | Iterable[str] | None) -> None:
        """Skip the tasks directly after this one, except the chosen ones and what comes after those.

        Raises:
            BranchError: a chosen id is not in the DAG.
            DownstreamTasksSkipped: the signal to the platform, when there is anything to skip.
        """
        task = ti.task
        chosen = choose_branch_ids(task, branch_task_ids)
        self.skip(ti, tasks_to_skip(task, chosen))


class BranchMixIn(SkipMixin):
    """For tasks that choose which of the tasks after them run."""

    def do_branch(self, context: Mapping[str, Any], branches_to_execute: str | Iterable[str] | None) -> Any:
        """Skip what was not chosen; the choice is the task's XCom.

        Raises:
            BranchError: a chosen id is not in the DAG.
            DownstreamTasksSkipped: the signal to the platform, when there is anything to skip.
        """
        ti = context["ti"]
        chosen = choose_branch_ids(ti.task, branches_to_execute)
        if skipped := tasks_to_skip(ti.task, chosen):
            ti.task.log.info("Branch chooses %s and skips %s", sorted(chosen), skipped)
            push_result(context, branches_to_execute)
            self.skip(ti, skipped)
        return branches_to_execute


def choose_branch_ids(task: TaskNode, branches: str | Iterable[str] | None) -> set[str]:
    """Return the task_ids that a branch chose; a group stands for the tasks it begins with.

    Raises:
        BranchError: the choice is not made of ids, or one is not in the DAG.
    """
    if branches is None:
        return set()
    if not isinstance(branches, str) and not isinstance(branches, Iterable):
        raise BranchError(
            f"a branch must choose a task_id, several, or None; task {task.task_id!r} chose "
            f"{type(branches).__name__}: {branches!r}"
        )
    wanted = [branches] if isinstance(branches, str) else list(branches)
    chosen: set[str] = set()
    invalid = []
    groups = task.dag.task_group.get_task_group_dict()
    for branch_id in wanted:
        if isinstance(branch_id, str) and task.dag.has_task(branch_id):
            chosen.add(branch_id)
        elif isinstance(branch_id, str) and branch_id in groups:
            chosen.update(root.task_id for root in groups[branch_id].roots)
        else:
            invalid.append(branch_id)
    if invalid:
        possible = ", ".join(sorted(task.downstream_task_ids)) or "nothing"
        raise BranchError(
            f"task {task.task_id!r} chose {invalid!r}, which DAG {task.dag.dag_id!r} does not have; "
            f"directly after it comes {possible}"
        )
    return chosen


def tasks_to_skip(task: TaskNode, chosen: Iterable[str]) -> list[str]:
    """Return the direct downstream tasks that are neither chosen nor lead on from a chosen one, sorted."""
    wanted = set(chosen)
    reached = set(wanted)
    for task_id in wanted:
        reached |= task.dag.get_task(task_id).get_flat_relative_ids(upstream=False)
    return sorted(task.downstream_task_ids - reached)


def push_result(context: Mapping[str, Any], value: Any) -> None:
    """Push the task's return value now: a task that ends by skipping others does not return."""
    ti = context["ti"]
    if ti.task.do_xcom_push and value is not None:
        ti.xcom_push(RETURN_VALUE_KEY, value)


def _with_map_index(ti: Any, task_ids: Sequence[str]) -> list[str | tuple[str, int]]:
    """Let a branch inside a mapped group skip tasks of its own map index only."""
    map_index = getattr(ti, "map_index", -1)
    task = getattr(ti, "task", None)  # Airflow 1 and 2 gave the run instead
    group = task.mapped_group if task is not None and map_index is not None and map_index >= 0 else None
    if group is None:
        return list(task_ids)
    dag = ti.task.dag
    return [
        (task_id, map_index) if dag.get_task(task_id).mapped_group is group else task_id
        for task_id in task_ids
    ]

"""Questions of sensors about runs and tasks of other DAGs, as ``ti.get_ti_count`` and its sisters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from etesian.protocol.requests import GetRunStates, GetTaskStates, RunInfos, TaskStates
from etesian.sdk.runtime import ask


def _tuple(values: Sequence[Any] | None) -> tuple[Any, ...] | None:
    return None if values is None else tuple(values)


def get_ti_count(
    dag_id: str,
    map_index: int | None = None,
    task_ids: list[str] | None = None,
    task_group_id: str | None = None,
    logical_dates: list[datetime] | None = None,
    run_ids: list[str] | None = None,
    states: list[str] | None = None,
) -> int:
    """Return the number of task instances of a DAG that fit."""
    request = GetTaskStates(
        dag_id=dag_id,
        task_ids=_tuple(task_ids),
        group_id=task_group_id,
        run_ids=_tuple(run_ids),
        logical_dates=_tuple(logical_dates),
        map_index=map_index,
        states=_tuple(states),
    )
    return len(ask(request, TaskStates).items)


def get_task_states(
    dag_id: str,
    map_index: int | None = None,
    task_ids: list[str] | None = None,
    task_group_id: str | None = None,
    logical_dates: list[datetime] | None = None,
    run_ids: list[str] | None = None,
) -> dict[str, dict[str, str]]:
    """Return states by run_id and task_id; a mapped instance is named ``task_id_index``."""
    request = GetTaskStates(
        dag_id=dag_id,
        task_ids=_tuple(task_ids),
        group_id=task_group_id,
        run_ids=_tuple(run_ids),
        logical_dates=_tuple(logical_dates),
        map_index=map_index,
    )
    found: dict[str, dict[str, str]] = {}
    for item in ask(request, TaskStates).items:
        name = item.task_id if item.map_index < 0 else f"{item.task_id}_{item.map_index}"
        found.setdefault(item.run_id, {})[name] = item.state
    return found


def get_dr_count(
    dag_id: str,
    logical_dates: list[datetime] | None = None,
    run_ids: list[str] | None = None,
    states: list[str] | None = None,
) -> int:
    """Return the number of runs of a DAG that fit."""
    request = GetRunStates(
        dag_id=dag_id, run_ids=_tuple(run_ids), logical_dates=_tuple(logical_dates), states=_tuple(states)
    )
    return len(ask(request, RunInfos).runs)


def get_dagrun_state(dag_id: str, run_id: str) -> str | None:
    """Return the state of a run, or None if there is no such run."""
    runs = ask(GetRunStates(dag_id=dag_id, run_ids=(run_id,)), RunInfos).runs
    return runs[0].state if runs else None

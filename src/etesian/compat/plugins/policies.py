"""Cluster policies: functions of the project that change or refuse DAGs and tasks."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

from etesian.compat.entry_points import POLICIES, find_entry_points
from etesian.compat.settings.local_settings import load_local_settings
from etesian.sdk.dags.dag import DAG
from etesian.sdk.exceptions import (
    AirflowClusterPolicyError,
    AirflowClusterPolicySkipDag,
    AirflowClusterPolicyViolation,
)
from etesian.sdk.tasks.arguments import as_callbacks

Policy = Callable[[Any], Any]  # Any: a DAG, a task or a task instance

_TASK_CALLBACKS: Final = tuple(
    f"on_{kind}_callback" for kind in ("execute", "failure", "success", "retry", "skipped")
)
_DAG_CALLBACKS: Final = ("on_failure_callback", "on_success_callback")
_OWN_WORDS: Final = (AirflowClusterPolicyViolation, AirflowClusterPolicySkipDag)


@cache
def find_policies(name: str) -> tuple[Policy, ...]:
    """Return the policies of a name, such as ``task_policy``: of the local settings, then of distributions.

    ``policy`` is what 1.10 called ``task_policy``.
    """
    sources: list[Any] = [point.load() for point in find_entry_points(POLICIES)]
    local = load_local_settings()
    found = [local.get(name) or (local.get("policy") if name == "task_policy" else None)]
    found += [getattr(source, name, None) for source in sources]
    return tuple(policy for policy in found if policy is not None)


def apply_policies(dag: DAG) -> None:
    """Let the policies change a DAG and its tasks.

    Raises:
        AirflowClusterPolicyViolation: a policy refuses it.
        AirflowClusterPolicySkipDag: a policy wants it to be left out.
        AirflowClusterPolicyError: a policy failed.
    """
    for policy in find_policies("dag_policy"):
        _apply(policy, dag, f"DAG {dag.dag_id!r}")
        _normalise(dag, _DAG_CALLBACKS, f"DAG {dag.dag_id!r}")
    for policy in find_policies("task_policy"):
        for task in dag.tasks:
            what = f"task {dag.dag_id}.{task.task_id}"
            _apply(policy, task, what)
            _normalise(task, _TASK_CALLBACKS, what)


def _apply(policy: Policy, subject: Any, what: str) -> None:
    try:
        policy(subject)
    except _OWN_WORDS:
        raise
    except Exception as error:
        name = getattr(policy, "__name__", repr(policy))
        raise AirflowClusterPolicyError(
            f"the policy {name} failed for {what}: {type(error).__name__}: {error}"
        ) from error


def _normalise(subject: Any, callbacks: tuple[str, ...], what: str) -> None:
    """Let a policy assign a single function where the DAG has a list of them."""
    for name in callbacks:
        value = getattr(subject, name, None)
        if not isinstance(value, list):
            setattr(subject, name, as_callbacks(value, f"{what}: {name}"))

"""Functions of Airflow that do something to the platform, carried out through it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NoReturn

from etesian.compat.settings.configuration import conf
from etesian.protocol.requests import TriggeredRun, TriggerRun
from etesian.sdk.exceptions import AirflowException
from etesian.sdk.runtime import current_platform


def trigger_dag(
    dag_id: str,
    run_id: str | None = None,
    conf: Any = None,
    execution_date: datetime | None = None,
    logical_date: datetime | None = None,
    **_: Any,
) -> str:
    """Create a run of a DAG and return its run_id.

    Raises:
        AirflowException: it cannot run.
    """
    request = TriggerRun(
        dag_id=dag_id, run_id=run_id, conf=dict(conf or {}), logical_date=logical_date or execution_date
    )
    answer = current_platform().ask(request)
    if not isinstance(answer, TriggeredRun):
        raise AirflowException(f"DAG {dag_id!r} cannot be triggered: {getattr(answer, 'reason', answer)}")
    return answer.run_id


def get_task_instance(dag_id: str, task_id: str, execution_date: datetime) -> NoReturn:
    """Refuse: use the context's ``ti``, ``ExternalTaskSensor`` or the REST API.

    Raises:
        AirflowException: always.
    """
    raise AirflowException(
        f"get_task_instance({dag_id!r}, {task_id!r}) reads Airflow's database; use ExternalTaskSensor, "
        "ti.get_task_states() or GET /api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
    )


def process_subdir(subdir: str | None) -> str:
    """Return the folder that a command-line option of Airflow names."""

    folder = str(conf.get("core", "dags_folder"))
    return subdir.replace("DAGS_FOLDER", folder) if subdir else folder


def check_cycle(dag: Any) -> None:
    """Raise if a DAG has a cycle."""
    dag.topological_sort()

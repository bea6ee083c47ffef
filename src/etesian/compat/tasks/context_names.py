"""The context as environment variables, and what else ``airflow.sdk.execution_time.context`` has."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

DEFAULT_FORMAT_PREFIX: Final = "airflow.ctx."
ENV_VAR_FORMAT_PREFIX: Final = "AIRFLOW_CTX_"

_NAMES: Final = (
    "DAG_ID",
    "TASK_ID",
    "LOGICAL_DATE",
    "EXECUTION_DATE",
    "TRY_NUMBER",
    "DAG_RUN_ID",
    "DAG_OWNER",
    "DAG_EMAIL",
)
#: Per variable: its name with dots, and as a variable of the environment.
AIRFLOW_VAR_NAME_FORMAT_MAPPING: Final = {
    f"AIRFLOW_CONTEXT_{name}": {
        "default": f"{DEFAULT_FORMAT_PREFIX}{name.lower()}",
        "env_var_format": f"{ENV_VAR_FORMAT_PREFIX}{name}",
    }
    for name in _NAMES
}


def context_to_airflow_vars(context: Mapping[str, Any], in_env_var_format: bool = False) -> dict[str, str]:
    """Return who and what runs, as text, for programs that a task starts."""
    task, ti, run = context.get("task"), context.get("task_instance"), context.get("dag_run")
    found = {
        "DAG_EMAIL": getattr(task, "email", None),
        "DAG_OWNER": getattr(task, "owner", None),
        "DAG_ID": getattr(ti, "dag_id", None),
        "TASK_ID": getattr(ti, "task_id", None),
        "TRY_NUMBER": getattr(ti, "try_number", None),
        "LOGICAL_DATE": getattr(run, "logical_date", None),
        "EXECUTION_DATE": getattr(run, "logical_date", None),
        "DAG_RUN_ID": getattr(run, "run_id", None),
    }
    form = "env_var_format" if in_env_var_format else "default"
    return {
        AIRFLOW_VAR_NAME_FORMAT_MAPPING[f"AIRFLOW_CONTEXT_{name}"][form]: _as_text(value)
        for name, value in found.items()
        if value
    }


def context_get_outlet_events(context: Mapping[str, Any]) -> Any:
    """Return the accessors of outlet events."""
    return context["outlet_events"]


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list | tuple | set):
        return ",".join(map(str, value))
    return str(value)

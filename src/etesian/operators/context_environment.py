"""What a subprocess learns of its task: environment variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

#: Both spellings, so that scripts written for Airflow go on working.
PREFIXES: Final = ("AIRFLOW_CTX_", "ETESIAN_CTX_")


def context_environment(context: Mapping[str, Any]) -> dict[str, str]:
    """Return variables that name the run and the task, such as ``AIRFLOW_CTX_DAG_ID``."""
    task, ti, run = context.get("task"), context.get("ti"), context.get("dag_run")
    logical_date = getattr(run, "logical_date", None)
    values = {
        "DAG_OWNER": getattr(task, "owner", None),
        "DAG_EMAIL": _joined(getattr(task, "email", None)),
        "DAG_ID": getattr(ti, "dag_id", None) or getattr(run, "dag_id", None),
        "TASK_ID": getattr(ti, "task_id", None) or getattr(task, "task_id", None),
        "TRY_NUMBER": getattr(ti, "try_number", None),
        "MAP_INDEX": getattr(ti, "map_index", None),
        "DAG_RUN_ID": getattr(run, "run_id", None),
        "LOGICAL_DATE": logical_date.isoformat() if logical_date else None,
        "EXECUTION_DATE": logical_date.isoformat() if logical_date else None,
    }
    return {
        prefix + name: str(value)
        for name, value in values.items()
        if value not in (None, "")
        for prefix in PREFIXES
    }


def _joined(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else ",".join(value)

"""Links from a task to the DAG that it starts or waits for. They are relative to the address of the pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from etesian.sdk.tasks.operator_link import BaseOperatorLink


class TriggerDagRunLink(BaseOperatorLink):
    """Leads to the run that a task started."""

    name = "Triggered DAG"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the address of the run; empty when none was started."""
        dag_id, run_id = operator.trigger_dag_id, operator.trigger_run_id
        return f"/dags/{quote(dag_id, safe='')}/runs/{quote(run_id, safe='')}" if run_id else ""


class ExternalDagLink(BaseOperatorLink):
    """Leads to the DAG that a task waits for, or that waits for it."""

    name = "External DAG"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the address of the DAG."""
        return f"/dags/{quote(operator.external_dag_id, safe='')}"

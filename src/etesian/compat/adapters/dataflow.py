"""Operators that start Dataflow jobs, which the provider handed over to those of Apache Beam."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from airflow.providers.apache.beam.operators.beam import (
    BeamRunJavaPipelineOperator,
    BeamRunPythonPipelineOperator,
)

#: arguments that became parts of ``dataflow_config``
_DATAFLOW: Final = frozenset(
    {
        "job_name",
        "append_job_name",
        "project_id",
        "location",
        "poll_sleep",
        "drain_pipeline",
        "cancel_timeout",
        "wait_until_finished",
        "multiple_jobs",
        "check_if_running",
        "impersonation_chain",
    }
)
_RUNNER: Final = "DataflowRunner"


def _take_config(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Take out of ``kwargs`` what describes the job on Dataflow."""
    kwargs.pop("delegate_to", None)
    kwargs.setdefault("gcp_conn_id", "google_cloud_default")
    config = {name: kwargs.pop(name) for name in list(kwargs) if name in _DATAFLOW}
    return {"job_name": kwargs.get("task_id"), "gcp_conn_id": kwargs["gcp_conn_id"], **config}


class DataflowCreatePythonJobOperator(BeamRunPythonPipelineOperator):
    """Starts a pipeline written in Python on Dataflow."""

    def __init__(
        self,
        *,
        py_file: str,
        dataflow_default_options: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        py_options: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            py_file=py_file,
            runner=_RUNNER,
            default_pipeline_options=dict(dataflow_default_options or {}),
            pipeline_options=dict(options or {}),
            py_options=list(py_options or ()),
            dataflow_config=_take_config(kwargs),
            **kwargs,
        )


class DataflowCreateJavaJobOperator(BeamRunJavaPipelineOperator):
    """Starts a pipeline in a jar on Dataflow."""

    def __init__(
        self,
        *,
        jar: str,
        dataflow_default_options: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            jar=jar,
            runner=_RUNNER,
            default_pipeline_options=dict(dataflow_default_options or {}),
            pipeline_options=dict(options or {}),
            dataflow_config=_take_config(kwargs),
            **kwargs,
        )

"""Operators for one kind of Dataproc job each, over the one that submits any job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from airflow.providers.google.cloud.operators.dataproc import (
    DataprocSubmitJobOperator,
    DataprocUpdateClusterOperator,
)

from etesian.sdk.exceptions import AirflowException

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class _JobOperator(DataprocSubmitJobOperator):
    """Builds the description of a job from arguments of its own."""

    kind: ClassVar[str]  #: key of the job's part in the description
    template_fields: Sequence[str] = (*DataprocSubmitJobOperator.template_fields, "job_name", "cluster_name")

    def __init__(
        self,
        *,
        region: str = "global",
        job_name: str = "{{ task.task_id }}_{{ ds_nodash }}",
        cluster_name: str = "cluster-1",
        dataproc_properties: Mapping[str, str] | None = None,
        dataproc_jars: Sequence[str] | None = None,
        labels: Mapping[str, str] | None = None,
        main_part: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        part = {"properties": dataproc_properties, "jar_file_uris": dataproc_jars, **(main_part or {})}
        job = {
            "reference": {"job_id": f"{job_name}_{{{{ ti.try_number }}}}"},
            "placement": {"cluster_name": cluster_name},
            self.kind: {name: value for name, value in part.items() if value is not None},
        }
        super().__init__(job=job | ({"labels": labels} if labels else {}), region=region, **kwargs)
        self.job_name = job_name
        self.cluster_name = cluster_name


class _QueryOperator(_JobOperator):
    def __init__(
        self,
        *,
        query: str | None = None,
        query_uri: str | None = None,
        variables: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        part: dict[str, Any] = {"script_variables": variables}
        if query_uri is not None:
            part["query_file_uri"] = query_uri
        else:
            part["query_list"] = {"queries": [query]}
        super().__init__(main_part=part, **kwargs)


class DataprocSubmitPigJobOperator(_QueryOperator):
    """Runs Pig."""

    kind = "pig_job"


class DataprocSubmitHiveJobOperator(_QueryOperator):
    """Runs Hive."""

    kind = "hive_job"


class DataprocSubmitSparkSqlJobOperator(_QueryOperator):
    """Runs Spark SQL."""

    kind = "spark_sql_job"


class _JarOperator(_JobOperator):
    def __init__(
        self,
        *,
        main_jar: str | None = None,
        main_class: str | None = None,
        arguments: Sequence[str] | None = None,
        archives: Sequence[str] | None = None,
        files: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        part = {
            "main_jar_file_uri": main_jar,
            "main_class": main_class,
            "args": arguments,
            "archive_uris": archives,
            "file_uris": files,
        }
        super().__init__(main_part=part, **kwargs)


class DataprocSubmitSparkJobOperator(_JarOperator):
    """Runs Spark."""

    kind = "spark_job"


class DataprocSubmitHadoopJobOperator(_JarOperator):
    """Runs Hadoop."""

    kind = "hadoop_job"


class DataprocSubmitPySparkJobOperator(_JobOperator):
    """Runs a Python program on Spark."""

    kind = "pyspark_job"

    def __init__(
        self,
        *,
        main: str,
        arguments: Sequence[str] | None = None,
        archives: Sequence[str] | None = None,
        pyfiles: Sequence[str] | None = None,
        files: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        part = {
            "main_python_file_uri": main,
            "args": arguments,
            "archive_uris": archives,
            "python_file_uris": pyfiles,
            "file_uris": files,
        }
        super().__init__(main_part=part, **kwargs)


class DataprocScaleClusterOperator(DataprocUpdateClusterOperator):
    """Gives a cluster another number of workers."""

    def __init__(
        self,
        *,
        num_workers: int = 2,
        num_preemptible_workers: int = 0,
        graceful_decommission_timeout: str | None = None,
        region: str = "global",
        **kwargs: Any,
    ) -> None:
        sizes = {"worker_config": num_workers, "secondary_worker_config": num_preemptible_workers}
        super().__init__(
            cluster={"config": {name: {"num_instances": size} for name, size in sizes.items()}},
            update_mask={"paths": [f"config.{name}.num_instances" for name in sizes]},
            graceful_decommission_timeout={"seconds": _seconds(graceful_decommission_timeout or "0s")},
            region=region,
            **kwargs,
        )


def _seconds(duration: str) -> int:
    """Return the seconds of a text such as ``10m``."""
    number, unit = duration[:-1], duration[-1:]
    if not number.isdigit() or unit not in _UNITS:
        raise AirflowException(
            f"graceful_decommission_timeout must be like 1d, 4h, 10m or 30s, got {duration!r}"
        )
    return int(number) * _UNITS[unit]

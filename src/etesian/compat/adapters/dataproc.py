"""Operators for one kind of Dataproc job each, over the one that submits any job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from airflow.providers.google.cloud.operators.dataproc import DataprocSubmitJobOperator


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

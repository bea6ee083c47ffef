"""BigQuery operators that the provider replaced by more general ones."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook
from airflow.providers.google.cloud.hooks.gcs import GCSHook
from airflow.providers.google.cloud.operators.bigquery import (
    BigQueryCreateTableOperator,
    BigQueryUpdateDatasetOperator,
)

from etesian.sdk.tasks.operator import BaseOperator


def _table(text: str) -> dict[str, str]:
    """Return the parts of ``project.dataset.table`` or ``project:dataset.table``; the project may be left out."""
    parts = text.replace(":", ".").rsplit(".", 2)
    return dict(zip(("projectId", "datasetId", "tableId")[-len(parts) :], parts, strict=True))


class BigQueryExecuteQueryOperator(BaseOperator):
    """Runs queries one after the other, and may write their rows to a table."""

    template_fields = ("sql", "destination_dataset_table", "labels", "query_params", "impersonation_chain")
    template_ext = (".sql",)
    ui_color = "#e4f0e8"

    def __init__(
        self,
        *,
        sql: Any,
        destination_dataset_table: str | None = None,
        write_disposition: str = "WRITE_EMPTY",
        create_disposition: str = "CREATE_IF_NEEDED",
        allow_large_results: bool = False,
        flatten_results: bool | None = None,
        use_legacy_sql: bool = True,
        udf_config: Sequence[Mapping[str, Any]] | None = None,
        maximum_billing_tier: int | None = None,
        maximum_bytes_billed: float | None = None,
        schema_update_options: Sequence[str] | None = None,
        query_params: Sequence[Mapping[str, Any]] | None = None,
        labels: Mapping[str, str] | None = None,
        priority: str = "INTERACTIVE",
        time_partitioning: Mapping[str, Any] | None = None,
        cluster_fields: Sequence[str] | None = None,
        encryption_configuration: Mapping[str, Any] | None = None,
        api_resource_configs: Mapping[str, Any] | None = None,
        location: str | None = None,
        gcp_conn_id: str = "google_cloud_default",
        impersonation_chain: str | Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.sql = sql
        self.destination_dataset_table = destination_dataset_table
        self.labels = labels
        self.query_params = query_params
        self.location = location
        self.gcp_conn_id = gcp_conn_id
        self.impersonation_chain = impersonation_chain
        self.api_resource_configs = dict(api_resource_configs or {})
        self.options = {
            "allowLargeResults": allow_large_results,
            "flattenResults": flatten_results,
            "useLegacySql": use_legacy_sql,
            "userDefinedFunctionResources": udf_config,
            "maximumBillingTier": maximum_billing_tier,
            "maximumBytesBilled": maximum_bytes_billed,
            "schemaUpdateOptions": schema_update_options,
            "priority": priority,
            "timePartitioning": time_partitioning,
            "clustering": {"fields": list(cluster_fields)} if cluster_fields else None,
            "destinationEncryptionConfiguration": encryption_configuration,
        }
        self.dispositions = {"writeDisposition": write_disposition, "createDisposition": create_disposition}

    def execute(self, context: Any) -> Any:
        """Run the queries and return the id of the last job."""
        hook = BigQueryHook(
            gcp_conn_id=self.gcp_conn_id, location=self.location, impersonation_chain=self.impersonation_chain
        )
        job_id = None
        for sql in [self.sql] if isinstance(self.sql, str) else self.sql:
            job = hook.insert_job(configuration=self.configuration_of(sql), location=self.location)
            job_id = job.job_id
        return job_id

    def configuration_of(self, sql: str) -> dict[str, Any]:
        """Return the description of the job of one query."""
        query: dict[str, Any] = {"query": sql}
        query |= {name: value for name, value in self.options.items() if value is not None}
        if self.destination_dataset_table:
            query |= {"destinationTable": _table(self.destination_dataset_table), **self.dispositions}
        if self.query_params:
            query |= {"queryParameters": list(self.query_params), "parameterMode": "NAMED"}
        configuration = {"query": query | self.api_resource_configs.get("query", {})}
        return configuration | ({"labels": dict(self.labels)} if self.labels else {})


class BigQueryCreateEmptyTableOperator(BigQueryCreateTableOperator):
    """Makes a table from its fields rather than from a whole description."""

    def __init__(
        self,
        *,
        table_resource: Mapping[str, Any] | None = None,
        schema_fields: Sequence[Mapping[str, Any]] | None = None,
        time_partitioning: Mapping[str, Any] | None = None,
        cluster_fields: Sequence[str] | None = None,
        labels: Mapping[str, str] | None = None,
        view: Mapping[str, Any] | None = None,
        materialized_view: Mapping[str, Any] | None = None,
        encryption_configuration: Mapping[str, Any] | None = None,
        exists_ok: bool | None = None,
        **kwargs: Any,
    ) -> None:
        parts = {
            "schema": {"fields": list(schema_fields)} if schema_fields else None,
            "timePartitioning": time_partitioning,
            "clustering": {"fields": list(cluster_fields)} if cluster_fields else None,
            "labels": labels,
            "view": view,
            "materializedView": materialized_view,
            "encryptionConfiguration": encryption_configuration,
        }
        resource = {name: value for name, value in parts.items() if value is not None}
        if exists_ok is not None:
            kwargs.setdefault("if_exists", "ignore" if exists_ok else "log")
        super().__init__(table_resource=dict(table_resource or resource), **kwargs)


class BigQueryPatchDatasetOperator(BigQueryUpdateDatasetOperator):
    """Changes a dataset, as it was called before."""


class BigQueryCreateExternalTableOperator(BaseOperator):
    """Makes a table over files in Cloud Storage, from its parts or from a whole ``table_resource``."""

    template_fields = (
        "bucket",
        "source_objects",
        "schema_object",
        "destination_project_dataset_table",
        "labels",
        "table_resource",
        "impersonation_chain",
    )
    template_fields_renderers: ClassVar[Mapping[str, str]] = {"table_resource": "json"}

    def __init__(
        self,
        *,
        bucket: str | None = None,
        source_objects: Sequence[str] = (),
        destination_project_dataset_table: str | None = None,
        table_resource: Mapping[str, Any] | None = None,
        schema_fields: Sequence[Mapping[str, Any]] | None = None,
        schema_object: str | None = None,
        gcs_schema_bucket: str | None = None,
        source_format: str | None = None,
        autodetect: bool = False,
        compression: str | None = None,
        skip_leading_rows: int | None = None,
        field_delimiter: str | None = None,
        max_bad_records: int = 0,
        quote_character: str | None = None,
        allow_quoted_newlines: bool = False,
        allow_jagged_rows: bool = False,
        src_fmt_configs: Mapping[str, Any] | None = None,
        labels: Mapping[str, str] | None = None,
        encryption_configuration: Mapping[str, Any] | None = None,
        location: str | None = None,
        gcp_conn_id: str = "google_cloud_default",
        bigquery_conn_id: str | None = None,
        google_cloud_storage_conn_id: str = "google_cloud_default",
        delegate_to: str | None = None,
        impersonation_chain: str | Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.bucket = bucket
        self.source_objects = source_objects
        self.destination_project_dataset_table = destination_project_dataset_table
        self.table_resource = table_resource
        self.schema_fields = schema_fields
        self.schema_object = schema_object
        self.schema_bucket = gcs_schema_bucket
        self.labels = labels
        self.location = location
        self.gcp_conn_id = bigquery_conn_id or gcp_conn_id
        self.google_cloud_storage_conn_id = google_cloud_storage_conn_id
        self.impersonation_chain = impersonation_chain
        self.encryption_configuration = encryption_configuration
        self.source_format = (source_format or "CSV").upper()
        self.external = {
            "autodetect": autodetect,
            "compression": (compression or "NONE").upper(),
            "maxBadRecords": max_bad_records,
        }
        self.csv_options = {
            "skipLeadingRows": skip_leading_rows or 0,
            "fieldDelimiter": field_delimiter or ",",
            "quote": quote_character,
            "allowQuotedNewlines": allow_quoted_newlines,
            "allowJaggedRows": allow_jagged_rows,
        }
        self.format_options = dict(src_fmt_configs or {})

    def execute(self, context: Any) -> Any:
        """Make the table and return its description."""
        hook = BigQueryHook(
            gcp_conn_id=self.gcp_conn_id, location=self.location, impersonation_chain=self.impersonation_chain
        )
        resource = dict(self.table_resource) if self.table_resource else self.describe_table()
        place = resource.get("tableReference", {})
        return hook.create_table(
            dataset_id=place.get("datasetId"),
            table_id=place.get("tableId"),
            project_id=place.get("projectId") or hook.project_id,
            table_resource=resource,
            location=self.location,
        ).to_api_repr()

    def describe_table(self) -> dict[str, Any]:
        """Return the description of the table, made of the parts."""
        options = {name: value for name, value in self.csv_options.items() if value is not None}
        by_format = {"CSV": ("csvOptions", options), "GOOGLE_SHEETS": ("googleSheetsOptions", {})}
        name, defaults = by_format.get(self.source_format, ("", {}))
        configuration = {
            **self.external,
            "sourceFormat": self.source_format,
            "sourceUris": [f"gs://{self.bucket}/{source}" for source in self.source_objects],
            **({name: defaults | self.format_options} if name else self.format_options),
        }
        if fields := self.schema_fields or self._read_schema():
            configuration["schema"] = {"fields": list(fields)}
        resource = {
            "tableReference": _table(self.destination_project_dataset_table or ""),
            "externalDataConfiguration": configuration,
            "labels": self.labels,
            "encryptionConfiguration": self.encryption_configuration,
        }
        return {name: value for name, value in resource.items() if value}

    def _read_schema(self) -> Any:
        if not self.schema_object:
            return None
        hook = GCSHook(
            gcp_conn_id=self.google_cloud_storage_conn_id, impersonation_chain=self.impersonation_chain
        )
        return json.loads(hook.download(self.schema_bucket or self.bucket, self.schema_object))

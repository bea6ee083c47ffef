"""BigQuery operators that the provider replaced by more general ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook
from airflow.providers.google.cloud.operators.bigquery import BigQueryCreateTableOperator

from etesian.sdk.operator import BaseOperator


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

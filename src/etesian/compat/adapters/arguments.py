"""Arguments that provider packages renamed or removed: by operator, and by package where all lost the same ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from etesian.sdk.tasks.argument_adapters import ArgumentAdapter

_AMAZON: Final = "airflow.providers.amazon.aws"
_GOOGLE: Final = "airflow.providers.google.cloud.operators"
_SNOWFLAKE: Final = "airflow.providers.snowflake.operators.snowflake"
_AZURE: Final = "airflow.providers.microsoft.azure"
_SLACK: Final = "airflow.providers.slack"
_WAITING: Final = ("wait_for_completion", "waiter_delay", "waiter_max_attempts")


def _auto_remove(value: object) -> object:
    """Return the word for what used to be a flag."""
    return {True: "success", False: "never"}.get(value, value) if isinstance(value, bool) else value


def _connection_of(value: object) -> object:
    """Return the connection of a hook, where the hook itself used to be given."""
    return getattr(value, "ssh_conn_id", value)


def _without(*names: str) -> ArgumentAdapter:
    return ArgumentAdapter(without_effect=frozenset(names))


def _renamed(**names: str) -> ArgumentAdapter:
    return ArgumentAdapter(renamed=names)


ADAPTERS: Final[Mapping[str, ArgumentAdapter]] = {
    "airflow.providers.docker.operators.docker.DockerOperator": ArgumentAdapter(
        converted={"auto_remove": _auto_remove}, renamed={"skip_exit_code": "skip_on_exit_code"}
    ),
    "airflow.providers.google.cloud.sensors.pubsub.PubSubPullSensor": ArgumentAdapter(
        renamed={"project": "project_id"}, without_effect=frozenset({"return_immediately"})
    ),
    f"{_GOOGLE}.cloud_storage_transfer_service.CloudDataTransferServiceListOperationsOperator": _renamed(
        filter="request_filter"
    ),
    f"{_GOOGLE}.cloud_build.CloudBuildCreateBuildOperator": _renamed(body="build"),
    f"{_GOOGLE}.kubernetes_engine.GKEDeleteClusterOperator": _renamed(name="cluster_name"),
    f"{_GOOGLE}.kubernetes_engine.GKEStartPodOperator": _without("regional"),
    f"{_GOOGLE}.dataprep.DataprepGetJobsForJobGroupOperator": _renamed(job_id="job_group_id"),
    "airflow.providers.google.ads.transfers.ads_to_gcs.GoogleAdsToGcsOperator": _without("page_size"),
    "airflow.providers.google.cloud.transfers.azure_fileshare_to_gcs.AzureFileShareToGCSOperator": _renamed(
        wasb_conn_id="azure_fileshare_conn_id"
    ),
    "airflow.providers.google.cloud.transfers.gcs_to_local.GCSToLocalFilesystemOperator": _renamed(
        object="object_name"
    ),
    f"{_AMAZON}.operators.appflow.AppflowRecordsShortCircuitOperator": _renamed(region="region_name"),
    f"{_AMAZON}.operators.batch.BatchOperator": _renamed(overrides="container_overrides"),
    f"{_AMAZON}.operators.batch.BatchCreateComputeEnvironmentOperator": _without("status_retries"),
    f"{_AMAZON}.operators.ecs.EcsRegisterTaskDefinitionOperator": _without(*_WAITING),
    f"{_AMAZON}.operators.ecs.EcsDeregisterTaskDefinitionOperator": _without(*_WAITING),
    f"{_AMAZON}.operators.eks.EksPodOperator": _without("pod_context", "pod_username"),
    f"{_AMAZON}.operators.emr.EmrContainerOperator": _renamed(max_tries="max_polling_attempts"),
    f"{_AMAZON}.operators.rds.RdsBaseOperator": _without("hook_params"),
    f"{_AMAZON}.transfers.base.AwsToAwsBaseOperator": _renamed(aws_conn_id="source_aws_conn_id"),
    f"{_AMAZON}.transfers.gcs_to_s3.GCSToS3Operator": ArgumentAdapter(
        renamed={"bucket": "gcs_bucket"}, without_effect=frozenset({"delimiter"})
    ),
    "airflow.providers.cncf.kubernetes.operators.spark_kubernetes.SparkKubernetesOperator": _without(
        "api_group", "api_version", "watch"
    ),
    f"{_AZURE}.operators.batch.AzureBatchOperator": _without("os_family", "os_version"),
    f"{_AZURE}.operators.container_instances.AzureContainerInstancesOperator": _without("network_profile"),
    "airflow.providers.sftp.operators.sftp.SFTPOperator": ArgumentAdapter(
        renamed={"ssh_hook": "ssh_conn_id"}, converted={"ssh_conn_id": _connection_of}
    ),
    "airflow.providers.ssh.operators.ssh.SSHOperator": _renamed(timeout="cmd_timeout"),
    f"{_SLACK}.operators.slack.SlackAPIFileOperator": _renamed(channel="channels"),
    f"{_SLACK}.operators.slack_webhook.SlackWebhookOperator": ArgumentAdapter(
        renamed={"http_conn_id": "slack_webhook_conn_id"}, without_effect=frozenset({"link_names"})
    ),
    f"{_SNOWFLAKE}.SnowflakeCheckOperator": _without("autocommit"),
    f"{_SNOWFLAKE}.SnowflakeValueCheckOperator": _without("autocommit"),
    f"{_SNOWFLAKE}.SnowflakeIntervalCheckOperator": _without("autocommit", "parameters"),
}

_OLD_GOOGLE: Final = ArgumentAdapter(
    renamed={
        "bigquery_conn_id": "gcp_conn_id",
        "google_cloud_storage_conn_id": "gcp_conn_id",
        "google_cloud_conn_id": "gcp_conn_id",
    },
    without_effect=frozenset({"delegate_to"}),
)
#: Package, an argument that the constructors concerned have, and what all of them once took.
FAMILIES: Final = (
    ("airflow.providers.google", "gcp_conn_id", _OLD_GOOGLE),
    ("etesian.compat.adapters.bigquery", "gcp_conn_id", _OLD_GOOGLE),
    ("etesian.compat.adapters.dataproc", "region", _without("job_error_states")),
    (f"{_GOOGLE}.vertex_ai", "gcp_conn_id", _without("sync")),
    (f"{_GOOGLE}.dataproc", "region", _renamed(location="region")),
    (
        f"{_AMAZON}.operators.emr",
        "waiter_delay",
        ArgumentAdapter(
            renamed={"waiter_check_interval_seconds": "waiter_delay"},
            without_effect=frozenset({"waiter_countdown"}),
        ),
    ),
)

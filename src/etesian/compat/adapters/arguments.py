"""Arguments that provider packages renamed or removed, by operator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from etesian.sdk.argument_adapters import ArgumentAdapter

_GOOGLE: Final = "airflow.providers.google.cloud.operators"


def _auto_remove(value: object) -> object:
    """Return the word for what used to be a flag."""
    return {True: "success", False: "never"}.get(value, value) if isinstance(value, bool) else value


ADAPTERS: Final[Mapping[str, ArgumentAdapter]] = {
    "airflow.providers.docker.operators.docker.DockerOperator": ArgumentAdapter(
        converted={"auto_remove": _auto_remove}
    ),
    "airflow.providers.google.cloud.sensors.pubsub.PubSubPullSensor": ArgumentAdapter(
        renamed={"project": "project_id"}, without_effect=frozenset({"return_immediately"})
    ),
    f"{_GOOGLE}.cloud_storage_transfer_service.CloudDataTransferServiceListOperationsOperator": ArgumentAdapter(
        renamed={"filter": "request_filter"}
    ),
    f"{_GOOGLE}.cloud_build.CloudBuildCreateBuildOperator": ArgumentAdapter(renamed={"body": "build"}),
    f"{_GOOGLE}.kubernetes_engine.GKEDeleteClusterOperator": ArgumentAdapter(
        renamed={"name": "cluster_name"}
    ),
}

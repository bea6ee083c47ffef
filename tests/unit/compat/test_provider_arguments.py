"""Arguments that operators of providers took in the past."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from etesian.compat.adapters.arguments import ADAPTERS, FAMILIES


@pytest.mark.parametrize(
    ("operator", "given", "read"),
    [
        ("ssh.operators.ssh.SSHOperator", {"timeout": 3}, {"cmd_timeout": 3}),
        ("docker.operators.docker.DockerOperator", {"skip_exit_code": 9}, {"skip_on_exit_code": 9}),
        ("docker.operators.docker.DockerOperator", {"auto_remove": True}, {"auto_remove": "success"}),
        (
            "sftp.operators.sftp.SFTPOperator",
            {"ssh_hook": SimpleNamespace(ssh_conn_id="files")},
            {"ssh_conn_id": "files"},
        ),
        ("amazon.aws.operators.batch.BatchOperator", {"overrides": {}}, {"container_overrides": {}}),
        ("amazon.aws.operators.ecs.EcsRegisterTaskDefinitionOperator", {"wait_for_completion": True}, {}),
        (
            "amazon.aws.transfers.gcs_to_s3.GCSToS3Operator",
            {"bucket": "b", "delimiter": "/"},
            {"gcs_bucket": "b"},
        ),
    ],
)
def test_an_operator_reads_what_it_took_before(
    operator: str, given: dict[str, Any], read: dict[str, Any]
) -> None:
    ADAPTERS[f"airflow.providers.{operator}"].apply(given, {})
    assert given == read


def test_all_operators_of_google_read_the_older_names_of_their_connection() -> None:
    adapter = next(adapter for package, _, adapter in FAMILIES if package == "airflow.providers.google")
    given: dict[str, Any] = {"bigquery_conn_id": "bq", "delegate_to": "nobody"}
    adapter.apply(given, {}, taken=("gcp_conn_id",))
    assert given == {"gcp_conn_id": "bq"}

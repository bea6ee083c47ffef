"""The provider `google`, with Google's own client libraries, against a stand-in for googleapis.com on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from etesian import DAG
from etesian.testing import run_dag
from tests.integration.providers.conftest import Connect
from tests.servers.bigtable import running_bigtable
from tests.servers.google import PROJECT, Google, running_google

pytestmark = pytest.mark.provider("google")

BUCKET = "sales"


@pytest.fixture
def google(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, connect: Connect) -> Iterator[Google]:
    with running_google(tmp_path, monkeypatch) as (google, key):
        connect(
            "google_cloud_default",
            conn_type="google_cloud_platform",
            extra={"project": PROJECT, "keyfile_dict": key, "num_retries": 0},
        )
        yield google


def test_an_instance_is_started_and_waited_for(google: Google) -> None:
    from airflow.providers.google.cloud.operators.compute import ComputeEngineStartInstanceOperator

    with DAG("start", schedule=None) as dag:
        ComputeEngineStartInstanceOperator(
            task_id="start", zone="europe-west3-a", resource_id="loader-{{ ds_nodash }}"
        )

    run_dag(dag, logical_date="2030-01-02").raise_if_failed()

    assert google.started == ["loader-20300102"]


def test_a_file_goes_to_storage_and_comes_back(google: Google, tmp_path: Path) -> None:
    from airflow.providers.google.cloud.transfers.gcs_to_local import GCSToLocalFilesystemOperator
    from airflow.providers.google.cloud.transfers.local_to_gcs import LocalFilesystemToGCSOperator

    (tmp_path / "day.csv").write_text("mon,3\n")
    with DAG("there_and_back", schedule=None) as dag:
        LocalFilesystemToGCSOperator(
            task_id="there", src=str(tmp_path / "day.csv"), dst="{{ ds }}/day.csv", bucket=BUCKET
        ) >> GCSToLocalFilesystemOperator(
            task_id="back", bucket=BUCKET, object_name="{{ ds }}/day.csv", filename=str(tmp_path / "back.csv")
        )

    run_dag(dag, logical_date="2030-01-02").raise_if_failed()

    assert google.objects == {(BUCKET, "2030-01-02/day.csv"): b"mon,3\n"}
    assert (tmp_path / "back.csv").read_text() == "mon,3\n"


def test_a_sensor_waits_for_an_object_that_is_then_listed_and_deleted(google: Google) -> None:
    from airflow.providers.google.cloud.hooks.gcs import GCSHook
    from airflow.providers.google.cloud.operators.gcs import GCSDeleteObjectsOperator, GCSListObjectsOperator
    from airflow.providers.google.cloud.sensors.gcs import GCSObjectExistenceSensor
    from airflow.sdk import task

    with DAG("wait", schedule=None) as dag:

        @task
        def fill() -> None:
            GCSHook().upload(bucket_name=BUCKET, object_name="day.csv", data="mon,3")

        wait = GCSObjectExistenceSensor(
            task_id="wait", bucket=BUCKET, object="day.csv", mode="reschedule", poke_interval=30
        )
        names = GCSListObjectsOperator(task_id="names", bucket=BUCKET, prefix="day")
        delete = GCSDeleteObjectsOperator(task_id="delete", bucket_name=BUCKET, objects=["day.csv"])
        fill()
        wait >> names >> delete

    result = run_dag(dag).raise_if_failed()

    assert result.task("names").xcom == ["day.csv"]
    assert google.objects == {}


def test_a_query_job_is_run_and_waited_for(google: Google) -> None:
    from airflow.providers.google.cloud.operators.bigquery import BigQueryInsertJobOperator

    with DAG("query", schedule=None) as dag:
        BigQueryInsertJobOperator(
            task_id="query",
            configuration={"query": {"query": "SELECT '{{ ds }}'", "useLegacySql": False}},
            location="EU",
        )

    result = run_dag(dag, logical_date="2030-01-02").raise_if_failed()

    job = google.jobs[result.task("query").xcom]
    assert job["configuration"]["query"]["query"] == "SELECT '2030-01-02'"


def test_rows_of_a_query_are_read_by_the_hook_and_checked(google: Google) -> None:
    from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook
    from airflow.providers.google.cloud.operators.bigquery import BigQueryValueCheckOperator
    from airflow.sdk import task

    with DAG("rows", schedule=None) as dag:

        @task
        def read() -> object:
            return BigQueryHook(use_legacy_sql=False, location="EU").get_records("SELECT * FROM day")

        read()
        BigQueryValueCheckOperator(
            task_id="check",
            sql="SELECT name, sold FROM day",
            pass_value="tue",
            use_legacy_sql=False,
            location="EU",
        )

    result = run_dag(dag)

    assert result.task("read").xcom == [["mon", 3]]
    # The row has another value than the one that is wanted.
    assert result.states == {"read": "success", "check": "failed"}


def test_a_sensor_waits_until_a_table_of_bigtable_is_copied(
    google: Google, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.providers.google.cloud.sensors.bigtable import BigtableTableReplicationCompletedSensor

    with running_bigtable() as bigtable:
        monkeypatch.setenv("BIGTABLE_EMULATOR_HOST", f"127.0.0.1:{bigtable.port}")
        with DAG("copied", schedule=None) as dag:
            BigtableTableReplicationCompletedSensor(
                task_id="copied",
                instance_id="orders",
                table_id="day_{{ ds_nodash }}",
                mode="reschedule",
                poke_interval=60,
            )

        run_dag(dag, logical_date="2030-01-02").raise_if_failed()

    table = f"projects/{PROJECT}/instances/orders/tables/day_20300102"
    assert bigtable.looked_at == [table] * 3

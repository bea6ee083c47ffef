"""The provider `amazon`, with boto3 itself, against moto's S3 and SQS and a stand-in for Redshift's data API."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from etesian import DAG
from etesian.testing import run_dag
from tests.integration.providers.conftest import Connect
from tests.servers.aws import running_aws
from tests.servers.web import Request, Response, WebServer, running_web_server

pytestmark = pytest.mark.provider("amazon")

BUCKET = "sales"


@pytest.fixture(scope="module")
def aws_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_aws(tmp_path_factory.mktemp("moto")) as url:
        yield url


@pytest.fixture
def redshift() -> Iterator[WebServer]:
    """Redshift's data API: a statement is finished when its state is asked for the second time."""
    asked = count(1)

    def answer(request: Request) -> Response:
        match request.headers["x-amz-target"].partition(".")[2]:
            case "ExecuteStatement":
                return Response({"Id": "s-1"})
            case "DescribeStatement":
                is_finished = next(asked) > 1
                has_rows = {"HasResultSet": True, "ResultRows": 1}
                return Response({"Id": "s-1", "Status": "FINISHED" if is_finished else "STARTED", **has_rows})
            case "GetStatementResult":
                records = [[{"stringValue": "mon"}, {"longValue": 3}]]
                return Response({"Records": records, "ColumnMetadata": [], "TotalNumRows": 1})
        return Response({"__type": "ValidationException"}, status=400)

    with running_web_server(answer) as server:
        yield server


@pytest.fixture(autouse=True)
def client(aws_url: str, redshift: WebServer, connect: Connect) -> Any:
    import boto3
    import requests

    requests.post(f"{aws_url}/moto-api/reset", timeout=10).raise_for_status()
    connect(
        "aws_default",
        conn_type="aws",
        login="key",
        password="secret",
        extra={
            "region_name": "us-east-1",
            "endpoint_url": aws_url,
            "service_config": {"redshift-data": {"endpoint_url": redshift.url}},
        },
    )
    options = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}

    def make(service: str) -> Any:
        return boto3.client(service, endpoint_url=aws_url, **options)

    make("s3").create_bucket(Bucket=BUCKET)
    return make


def read(client: Any, key: str) -> bytes:
    body: bytes = client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return body


def test_objects_are_made_copied_transformed_and_listed(client: Any, tmp_path: Path) -> None:
    from airflow.providers.amazon.aws.operators.s3 import (
        S3CopyObjectOperator,
        S3CreateObjectOperator,
        S3FileTransformOperator,
        S3ListOperator,
    )

    upper = tmp_path / "upper.sh"
    upper.write_text('#!/bin/sh\ntr a-z A-Z < "$1" > "$2"\n')
    upper.chmod(0o755)
    with DAG("objects", schedule=None) as dag:
        make = S3CreateObjectOperator(
            task_id="make",
            s3_bucket=BUCKET,
            s3_key="day/{{ ds }}.txt",
            data="sold {{ params.sold }}",
            params={"sold": 3},
        )
        copy = S3CopyObjectOperator(
            task_id="copy",
            source_bucket_key=f"s3://{BUCKET}/day/{{{{ ds }}}}.txt",
            dest_bucket_key=f"s3://{BUCKET}/day/copy.txt",
        )
        transform = S3FileTransformOperator(
            task_id="transform",
            source_s3_key=f"s3://{BUCKET}/day/copy.txt",
            dest_s3_key=f"s3://{BUCKET}/day/upper.txt",
            transform_script=str(upper),
        )
        names = S3ListOperator(task_id="names", bucket=BUCKET, prefix="day/")
        make >> copy >> transform >> names

    result = run_dag(dag, logical_date="2030-01-02").raise_if_failed()

    assert read(client, "day/2030-01-02.txt") == b"sold 3"
    assert read(client, "day/upper.txt") == b"SOLD 3"
    assert sorted(result.task("names").xcom) == ["day/2030-01-02.txt", "day/copy.txt", "day/upper.txt"]


@pytest.mark.parametrize("deferrable", [False, True])
def test_a_sensor_waits_for_a_key(client: Any, deferrable: bool) -> None:
    from airflow.providers.amazon.aws.operators.s3 import S3CreateObjectOperator
    from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor

    if deferrable:
        pytest.importorskip("aiobotocore", reason="NOT INSTALLED: aiobotocore, which amazon's triggers use")
    with DAG("wait", schedule=None) as dag:
        S3KeySensor(
            task_id="wait",
            bucket_key=f"s3://{BUCKET}/*.csv",
            wildcard_match=True,
            mode="reschedule",
            poke_interval=30,
            timeout=600,
            deferrable=deferrable,
        )
        S3CreateObjectOperator(task_id="make", s3_bucket=BUCKET, s3_key="day.csv", data="x")

    assert run_dag(dag).raise_if_failed().states == {"wait": "success", "make": "success"}


def test_the_hook_loads_and_reads_objects(client: Any, tmp_path: Path) -> None:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook
    from airflow.sdk import task

    (tmp_path / "report.csv").write_text("3")
    with DAG("hook", schedule=None) as dag:

        @task
        def move() -> object:
            hook = S3Hook()
            hook.load_file(str(tmp_path / "report.csv"), key="a/report.csv", bucket_name=BUCKET)
            hook.load_string("4", key="a/more.csv", bucket_name=BUCKET)
            hook.delete_objects(bucket=BUCKET, keys=["a/more.csv"])
            return hook.check_for_key("a/more.csv", BUCKET), hook.read_key("a/report.csv", BUCKET)

        move()

    assert run_dag(dag).raise_if_failed().task("move").xcom == (False, "3")


@pytest.mark.parametrize("deferrable", [False, True])
def test_messages_are_sent_and_received(client: Any, deferrable: bool) -> None:
    from airflow.providers.amazon.aws.operators.sqs import SqsPublishOperator
    from airflow.providers.amazon.aws.sensors.sqs import SqsSensor

    if deferrable:
        pytest.importorskip("aiobotocore", reason="NOT INSTALLED: aiobotocore, which amazon's triggers use")
    queue = client("sqs").create_queue(QueueName="orders")["QueueUrl"]
    with DAG("messages", schedule=None) as dag:
        SqsPublishOperator(task_id="send", sqs_queue=queue, message_content="order of {{ ds }}") >> SqsSensor(
            task_id="receive", sqs_queue=queue, poke_interval=10, wait_time_seconds=0, deferrable=deferrable
        )

    result = run_dag(dag, logical_date="2030-01-02").raise_if_failed()

    (message,) = result.task("receive").xcoms["messages"]
    assert message["Body"] == "order of 2030-01-02"


@pytest.mark.parametrize("deferrable", [False, True])
def test_a_statement_is_run_by_redshifts_data_api_and_waited_for(
    redshift: WebServer, deferrable: bool
) -> None:
    from airflow.providers.amazon.aws.operators.redshift_data import RedshiftDataOperator

    if deferrable:
        pytest.importorskip("aiobotocore", reason="NOT INSTALLED: aiobotocore, which amazon's triggers use")

    with DAG("redshift", schedule=None) as dag:
        RedshiftDataOperator(
            task_id="ask",
            cluster_identifier="warehouse",
            database="dev",
            sql="SELECT name, sold FROM day WHERE name = '{{ ds }}'",
            poll_interval=1,
            return_sql_result=True,
            deferrable=deferrable,
        )

    result = run_dag(dag, logical_date="2030-01-02").raise_if_failed()

    (statement,) = [each for each in redshift.requests if "ExecuteStatement" in each.headers["x-amz-target"]]
    assert statement.json["Sql"].endswith("'2030-01-02'")
    assert result.task("ask").xcom[0]["Records"] == [[{"stringValue": "mon"}, {"longValue": 3}]]


def test_a_table_is_unloaded_to_s3_by_the_data_api(redshift: WebServer) -> None:
    from airflow.providers.amazon.aws.transfers.redshift_to_s3 import RedshiftToS3Operator

    with DAG("unload", schedule=None) as dag:
        RedshiftToS3Operator(
            task_id="unload",
            s3_bucket=BUCKET,
            s3_key="unloaded/{{ ds }}",
            schema="public",
            table="day",
            aws_conn_id="aws_default",
            redshift_conn_id="aws_default",
            redshift_data_api_kwargs={
                "database": "dev",
                "cluster_identifier": "warehouse",
                "poll_interval": 0,
            },
        )

    run_dag(dag, logical_date="2030-01-02").raise_if_failed()

    (statement,) = [each for each in redshift.requests if "ExecuteStatement" in each.headers["x-amz-target"]]
    assert "UNLOAD" in statement.json["Sql"]
    assert f"s3://{BUCKET}/unloaded/2030-01-02" in statement.json["Sql"]

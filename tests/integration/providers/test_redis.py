"""The provider `redis` against a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from etesian import DAG
from etesian.testing import run_dag
from tests.integration.providers.conftest import Connect
from tests.servers.redis import running_redis

pytestmark = pytest.mark.provider("redis")


@pytest.fixture
def client(tmp_path: Path, connect: Connect) -> Iterator[Any]:
    from redis import Redis

    with running_redis(tmp_path) as port:
        connect("cache", conn_type="redis", host="127.0.0.1", port=port)
        with Redis(port=port) as client:
            yield client


def test_a_message_is_published_to_who_listens(client: Any) -> None:
    from airflow.providers.redis.operators.redis_publish import RedisPublishOperator

    listener = client.pubsub(ignore_subscribe_messages=True)
    listener.subscribe("orders")
    listener.get_message(timeout=5)
    with DAG("publish", schedule=None) as dag:
        RedisPublishOperator(
            task_id="tell", redis_conn_id="cache", channel="orders", message="{{ ds }} is done"
        )

    run_dag(dag, logical_date="2030-01-02").raise_if_failed()

    assert listener.get_message(timeout=5)["data"] == b"2030-01-02 is done"


def test_a_sensor_waits_for_a_key_that_a_task_sets(client: Any) -> None:
    from airflow.providers.redis.hooks.redis import RedisHook
    from airflow.providers.redis.sensors.redis_key import RedisKeySensor
    from airflow.sdk import task

    with DAG("wait", schedule=None) as dag:
        RedisKeySensor(
            task_id="wait", redis_conn_id="cache", key="ready", mode="reschedule", poke_interval=30
        )

        @task
        def fill() -> None:
            RedisHook("cache").get_conn().set("ready", "1")

        fill()

    assert run_dag(dag).raise_if_failed().states == {"wait": "success", "fill": "success"}
    assert client.get("ready") == b"1"


def test_a_sensor_receives_a_message(client: Any) -> None:
    from airflow.providers.redis.sensors.redis_pub_sub import RedisPubSubSensor

    class Tells(RedisPubSubSensor):
        """Somebody publishes as soon as the sensor listens."""

        def poke(self, context: Any) -> Any:
            found = super().poke(context)
            client.publish("orders", "hello")
            return found

    with DAG("listen", schedule=None) as dag:
        Tells(task_id="listen", redis_conn_id="cache", channels="orders", poke_interval=5)

    message = run_dag(dag).raise_if_failed().task("listen").xcoms["message"]

    assert message["data"] == b"hello"

"""The provider `http` against a web server on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count

import pytest

from etesian import DAG
from etesian.testing import run_dag
from tests.integration.providers.conftest import Connect
from tests.servers.web import Request, Response, WebServer, running_web_server

pytestmark = pytest.mark.provider("http")

PAGES = {"": ("a", "2"), "2": ("b", "3"), "3": ("c", None)}


@pytest.fixture
def server(connect: Connect) -> Iterator[WebServer]:
    tries = count(1)

    def answer(request: Request) -> Response:
        match request.path:
            case "/orders":
                return Response({"received": request.form}, status=201)
            case "/pages":
                item, following = PAGES[request.query.get("page", "")]
                return Response({"item": item, "next": following})
            case "/ready":
                return Response("ready") if next(tries) > 2 else Response("not yet", status=404)
            case "/secret":
                known = request.headers.get("authorization") == "Basic bWU6cHc="
                return Response("welcome" if known else "who are you?", status=200 if known else 401)
        return Response("nothing here", status=404)

    with running_web_server(answer) as server:
        connect(
            "shop",
            conn_type="http",
            host="127.0.0.1",
            port=server.server_port,
            login="me",
            password="pw",
            extra={"X-From": "etesian"},
        )
        yield server


def test_a_request_is_templated_and_its_answer_checked_and_filtered(server: WebServer) -> None:
    from airflow.providers.http.operators.http import HttpOperator

    with DAG("post", schedule=None) as dag:
        HttpOperator(
            task_id="order",
            http_conn_id="shop",
            endpoint="orders",
            method="POST",
            data={"day": "{{ ds }}"},
            response_check=lambda response, ds: response.json()["received"]["day"] == ds,
            response_filter=lambda response: response.json()["received"],
        )

    result = run_dag(dag, logical_date="2030-01-02").raise_if_failed()

    assert result.task("order").xcom == {"day": "2030-01-02"}
    (request,) = server.asked("POST", "/orders")
    assert request.headers["x-from"] == "etesian"
    assert request.headers["authorization"] == "Basic bWU6cHc="


def test_pages_are_followed_to_the_last(server: WebServer) -> None:
    from airflow.providers.http.operators.http import HttpOperator

    def following(response):  # type: ignore[no-untyped-def]  # as users write it
        page = response.json()["next"]
        return {"data": {"page": page}} if page else None

    with DAG("pages", schedule=None) as dag:
        HttpOperator(
            task_id="pages",
            http_conn_id="shop",
            endpoint="pages",
            method="GET",
            pagination_function=following,
            response_filter=lambda responses: [each.json()["item"] for each in responses],
        )

    assert run_dag(dag).raise_if_failed().task("pages").xcom == ["a", "b", "c"]


def test_an_error_of_the_server_fails_the_task_and_is_named(server: WebServer) -> None:
    from airflow.providers.http.operators.http import HttpOperator

    with DAG("missing", schedule=None) as dag:
        HttpOperator(task_id="missing", http_conn_id="shop", endpoint="nowhere", method="GET")

    result = run_dag(dag)

    assert result.states == {"missing": "failed"}
    assert "404" in str(result.task("missing").error)


@pytest.mark.parametrize("deferrable", [False, True])
def test_a_sensor_asks_until_the_answer_is_there(server: WebServer, deferrable: bool) -> None:
    from airflow.providers.http.sensors.http import HttpSensor

    with DAG("wait", schedule=None) as dag:
        HttpSensor(
            task_id="wait",
            http_conn_id="shop",
            endpoint="ready",
            poke_interval=60,
            mode="reschedule",
            deferrable=deferrable,
        )

    run_dag(dag).raise_if_failed()

    assert len(server.asked("GET", "/ready")) == 3


def test_a_deferred_request_is_sent_by_the_trigger_and_its_answer_comes_back(server: WebServer) -> None:
    from airflow.providers.http.operators.http import HttpOperator

    with DAG("deferred", schedule=None) as dag:
        HttpOperator(task_id="secret", http_conn_id="shop", endpoint="secret", method="GET", deferrable=True)

    result = run_dag(dag).raise_if_failed()

    assert result.task("secret").xcom == "welcome"
    assert len(server.asked("GET", "/secret")) == 1


def test_a_hook_of_the_connection_can_be_used_in_a_function(server: WebServer) -> None:
    from airflow.providers.http.hooks.http import HttpHook
    from airflow.sdk import task

    with DAG("function", schedule=None) as dag:

        @task
        def ask() -> object:
            hook = HttpHook(method="GET", http_conn_id="shop")
            return json.loads(hook.run("pages", data={"page": "2"}).text)

        ask()

    assert run_dag(dag).raise_if_failed().task("ask").xcom == {"item": "b", "next": "3"}

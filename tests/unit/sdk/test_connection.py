"""Connections: URIs, JSON, where they are looked for, and what they never show."""

from __future__ import annotations

import json
from typing import Any

import pytest

from etesian.protocol.requests import FoundConnection
from etesian.sdk.connections.connection import Connection
from etesian.sdk.connections.connection_uri import InvalidConnectionError
from etesian.sdk.connections.hook_registry import UnknownHookError
from etesian.sdk.connections.secrets_masker import redact
from etesian.sdk.exceptions import AirflowNotFoundException
from tests.unit.memory_platform import MemoryPlatform


def parts(connection: Connection) -> tuple[object, ...]:
    return (
        connection.conn_type,
        connection.host,
        connection.port,
        connection.login,
        connection.password,
        connection.schema,
        connection.extra_dejson,
    )


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        (
            "postgres://user:p%40ss@host:5432/db?sslmode=require&x=1",
            ("postgres", "host", 5432, "user", "p@ss", "db", {"sslmode": "require", "x": "1"}),
        ),
        ("postgresql://u@h/", ("postgres", "h", None, "u", None, "", {})),
        (
            "http://https%3A%2F%2Fapi.example.com",
            ("http", "https://api.example.com", None, None, None, "", {}),
        ),
        (
            "http://https://api.example.com/v1",
            ("http", "https://api.example.com", None, None, None, "v1", {}),
        ),
        ("aws://AKIA:se%2Fcret@/?region=eu", ("aws", "", None, "AKIA", "se/cret", "", {"region": "eu"})),
        (
            "google-cloud-platform://?project=p",
            ("google_cloud_platform", "", None, None, None, "", {"project": "p"}),
        ),
        ("sqlite:////tmp/x.db", ("sqlite", "", None, None, None, "/tmp/x.db", {})),
        ("spark://spark%3a%2f%2fhost:7077", ("spark", "spark://host", 7077, None, None, "", {})),
        ("ftp://:pw@h", ("ftp", "h", None, None, "pw", "", {})),
        ("x://[::1]:80/s", ("x", "[::1]", 80, None, None, "s", {})),
        (
            "my-type://h?__extra__=%7B%22a%22%3A+%5B1%5D%7D",
            ("my_type", "h", None, None, None, "", {"a": [1]}),
        ),
        ("mysql://Host.Name", ("mysql", "Host.Name", None, None, None, "", {})),
    ],
)
def test_a_uri_is_read_and_written_back(uri: str, expected: tuple[object, ...]) -> None:
    connection = Connection(conn_id="c", uri=uri)
    assert parts(connection) == expected
    assert parts(Connection(conn_id="c", uri=connection.get_uri())) == expected


def test_parts_with_odd_letters_survive_a_round_trip() -> None:
    made = Connection(
        conn_id="c", conn_type="pg", host="h", login="a b", password="p@/s:w", schema="d/x", port=5,
        extra={"a": {"b": 1}, "c": "d"},
    )  # fmt: skip
    assert parts(Connection.from_uri(made.get_uri())) == parts(made)
    assert parts(Connection.from_json(made.as_json())) == parts(made)


@pytest.mark.parametrize("text", ["", "no scheme", "pg://host:port", "://x"])
def test_a_text_that_is_no_uri_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(InvalidConnectionError) as caught:
        Connection(conn_id="c", uri=text)
    assert "no scheme" not in str(caught.value)


def test_json_may_hold_parts_or_a_uri() -> None:
    made = Connection.from_json('{"conn_type":"x","port":"12","extra":{"a":1},"description":"d"}', "c")
    assert (made.conn_id, made.port, made.extra_dejson, made.description) == ("c", 12, {"a": 1}, "d")
    assert Connection.from_json('{"uri":"pg://h"}').host == "h"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not valid JSON"),
        ("[1]", "must be an object, got list"),
        ('{"conn_type":"x","foo":1}', "has no foo; there are conn_type"),
        ('{"conn_type":"x","port":"a"}', "must be a number, got 'a'"),
        ('{"uri":"pg://h","host":"i"}', "one or the other"),
    ],
)
def test_json_that_describes_no_connection_is_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidConnectionError, match=message):
        Connection.from_json(text, "c")


def test_an_extra_that_is_no_json_object_is_an_empty_dict() -> None:
    assert Connection(conn_id="c", extra="not json").extra_dejson == {}
    assert Connection(conn_id="c", extra="[1]").extra_dejson == {}
    nested = Connection(conn_id="c", extra={"key": '{"a": 1}'})
    assert (nested.extra_dejson, nested.get_extra_dejson(nested=True)) == (
        {"key": '{"a": 1}'},
        {"key": {"a": 1}},
    )


def test_the_environment_comes_before_the_platform(
    platform: MemoryPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.connections["my_db"] = FoundConnection(
        found=True, conn_id="my_db", conn_type="pg", host="platform"
    )
    assert Connection.get("my_db").host == "platform"
    monkeypatch.setenv("AIRFLOW_CONN_MY_DB", "pg://airflow")
    assert Connection.get("my_db").host == "airflow"
    monkeypatch.setenv("ETESIAN_CONN_MY_DB", '{"conn_type": "pg", "host": "ours"}')
    assert Connection.get("my_db").host == "ours"


def test_a_connection_that_is_nowhere_is_named(platform: MemoryPlatform) -> None:
    with pytest.raises(AirflowNotFoundException, match="The conn_id `nowhere` isn't defined"):
        Connection.get("nowhere")


@pytest.mark.parametrize("conn_id", [None, ""])
def test_an_operator_that_was_given_no_connection_is_told_so(conn_id: Any) -> None:
    with pytest.raises(AirflowNotFoundException, match=f"by the name {conn_id!r}; give a conn_id"):
        Connection.get(conn_id)


def test_passwords_are_never_shown() -> None:
    made = Connection(
        conn_id="c",
        conn_type="pg",
        host="h",
        login="u",
        password="hunter2!",
        extra={"token": "t0ken-value", "zone": "eu-1"},
    )
    assert "hunter2!" not in repr(made) + str(made)
    assert redact("log in with hunter2! and t0ken-value in eu-1") == "log in with *** and *** in eu-1"


def test_a_connection_without_a_known_hook_says_so() -> None:
    made = Connection(conn_id="c", conn_type="unheard_of")
    with pytest.raises(UnknownHookError, match="'unheard_of', for which no hook is known"):
        made.get_hook()
    assert made.test_connection()[0] is False


def test_equal_parts_make_equal_connections() -> None:
    one = Connection(conn_id="c", uri="pg://u:p@h/d")
    assert one == Connection(conn_id="c", conn_type="pg", host="h", login="u", password="p", schema="d")
    assert json.loads(one.as_json())["login"] == "u"


def test_a_type_stays_as_it_was_given_and_is_normal_where_it_is_read_from_text() -> None:
    assert Connection(conn_id="c", conn_type="postgresql").conn_type == "postgresql"
    assert Connection.from_uri("postgresql://h").conn_type == "postgres"
    assert Connection.from_json('{"conn_type":"postgresql"}').conn_type == "postgres"


def test_a_uri_of_a_port_alone_has_an_empty_address() -> None:
    assert Connection(conn_id="c", conn_type="pg", port=5432, schema="d").get_uri() == "pg://@:5432/d"
    assert Connection(conn_id="c", conn_type="pg", host="h", port=5432).get_uri() == "pg://h:5432"

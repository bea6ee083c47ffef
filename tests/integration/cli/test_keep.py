"""Variables, connections and pools."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from etesian.store import Store
from tests.integration.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("store")


def test_a_variable_is_set_read_and_deleted(run: Run) -> None:
    run("variables", "set", "limits", '{"rows": 3}', "--description", "how many")

    assert run("variables", "get", "limits").out == '{"rows": 3}\n'
    assert json.loads(run("variables", "get", "limits", "--json").out) == {"rows": 3}
    assert run("variables", "list", "-o", "json").data == [{"key": "limits", "description": "how many"}]
    assert run("variables", "delete", "limits").code == 0
    missing = run("variables", "get", "limits")
    assert (missing.code, missing.err) == (3, "Error: there is no variable 'limits'; there are none\n")
    assert run("variables", "get", "limits", "--default", "9").out == "9\n"


def test_values_are_encrypted_at_rest_with_a_key_of_the_owner_only(run: Run, store: Store) -> None:
    run("variables", "set", "api_key", "hunter2-canary")
    run("connections", "add", "db", "--conn-uri", "postgres://u:hunter2-canary@h/db?token=hunter2-canary")

    for file in store.home.glob("etesian.db*"):
        assert b"hunter2-canary" not in file.read_bytes()
    assert stat.S_IMODE((store.home / "fernet.key").stat().st_mode) == 0o600


def test_variables_move_through_a_file_that_only_the_owner_reads(run: Run, tmp_path: Path) -> None:
    run("variables", "set", "a", "1", "--description", "first")
    run("variables", "set", "b", "2")
    file = tmp_path / "variables.json"

    assert run("variables", "export", str(file)).code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    run("variables", "delete", "a")
    assert run("variables", "import", str(file)).out == "2 variables imported.\n"
    assert run("variables", "list", "-o", "json").data[0] == {"key": "a", "description": "first"}


def test_an_import_that_may_not_overwrite_imports_nothing(run: Run, tmp_path: Path) -> None:
    run("variables", "set", "b", "old")
    file = tmp_path / "new.json"
    file.write_text('{"a": 1, "b": "new"}')

    result = run("variables", "import", str(file), "-a", "fail")

    assert (result.code, "nothing was imported" in result.err) == (4, True)
    assert run("variables", "get", "a").code == 3
    assert run("variables", "import", str(file), "-a", "skip").out == "1 variable imported.\n"
    assert run("variables", "get", "b").out == "old\n"


def test_bytes_that_are_no_text_are_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "bytes"
    file.write_bytes(b"\xff\xfe")
    for name in ("-", str(file)):
        with file.open(encoding="utf-8", errors="surrogateescape") as stdin:
            monkeypatch.setattr("sys.stdin", stdin)
            result = run("variables", "import", name)
        assert (result.code, "the text is not UTF-8: invalid start byte at byte 0" in result.err) == (2, True)
    result = run("variables", "set", "k", "\udcff")
    assert (result.code, "is not UTF-8 text" in result.err) == (2, True)
    assert "is a directory" in run("variables", "import", str(tmp_path)).err.lower()


def test_one_value_is_printed_in_every_format(run: Run) -> None:
    run("variables", "set", "k", '{"a": 1}', "--description", "what for")

    assert run("variables", "get", "k").out == '{"a": 1}\n'
    assert run("variables", "get", "k", "-o", "json").data == {
        "key": "k",
        "value": '{"a": 1}',
        "description": "what for",
    }
    assert (
        run("variables", "get", "none", "-d", "5", "-o", "plain").out
        == "key\tnone\nvalue\t5\ndescription\t\n"
    )


@pytest.mark.parametrize(
    ("text", "message"), [("{", "cannot be imported"), ("[1]", "Expected `object`, got `array`")]
)
def test_a_file_that_is_no_import_is_refused(run: Run, tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "bad.json"
    file.write_text(text)

    result = run("variables", "import", str(file))

    assert result.code == 2
    assert message in result.err


def test_a_connection_is_made_of_parts_a_uri_or_json(run: Run) -> None:
    run("connections", "add", "a", "--conn-type", "http", "--conn-host", "h", "--conn-port", "80")
    run("connections", "add", "b", "--conn-uri", "postgres://u:p%40@h:5432/db?sslmode=require")
    run("connections", "add", "c", "--conn-json", '{"conn_type": "ssh", "extra": {"key_file": "k"}}')

    listed = run("connections", "list", "-o", "json").data
    assert [(row["conn_id"], row["conn_type"], row["host"], row["port"]) for row in listed] == [
        ("a", "http", "h", 80),
        ("b", "postgres", "h", 5432),
        ("c", "ssh", None, None),
    ]
    assert run("connections", "get", "b", "-o", "json").data["password"] == "***"
    assert run("connections", "get", "b", "--show-secrets", "-o", "json").data["password"] == "p@"
    assert run("connections", "get", "c", "--show-secrets", "-o", "json").data["extra"] == '{"key_file":"k"}'


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("add", "x"), 2, "give one of --conn-uri, --conn-json and --conn-type; got none"),
        (("add", "x", "--conn-uri", "a://b", "--conn-type", "c"), 2, "got --conn-uri and --conn-type"),
        (("add", "x", "--conn-uri", "nonsense"), 2, "is not the URI of a connection"),
        (("add", "x", "--conn-json", "{}"), 2, "missing required field `conn_type`"),
        (("add", "x", "--conn-uri", "http://h:99999"), 2, "the port cannot be 99999; possible: 1 to 65535"),
        (("add", "x", "--conn-json", "{"), 2, "the JSON ends before it is complete"),
        (("add", "x", "--conn-json", '{"conn_type": "a", "prt": 1}'), 2, "possible: conn_type, description"),
        (("add", "x", "--conn-type", "a", "--conn-extra", "{"), 2, "extra must be a JSON object"),
        (("add", "x", "--conn-type", "a", "--conn-extra", "[]"), 2, "extra must be a JSON object"),
        (("add", "x y", "--conn-type", "http"), 2, "has a character that is not allowed"),
        (("get", "nope"), 3, "there is no connection 'nope'"),
        (("delete", "nope"), 3, "there is no connection 'nope'"),
        (("import", "/nope.json"), 3, "there is no file '/nope.json'"),
    ],
)
def test_wrong_connections_are_refused_with_a_sentence(
    run: Run, arguments: tuple[str, ...], code: int, message: str
) -> None:
    result = run("connections", *arguments)

    assert result.code == code
    assert message in result.err


def test_a_connection_is_not_overwritten_by_accident(run: Run) -> None:
    run("connections", "add", "a", "--conn-type", "http")

    assert run("connections", "add", "a", "--conn-type", "ssh").code == 4
    assert run("connections", "add", "a", "--conn-type", "ssh", "--overwrite").code == 0


def test_connections_move_through_a_file(run: Run, tmp_path: Path) -> None:
    run("connections", "add", "a", "--conn-uri", "postgres://u:p@h:5432/db")
    file = tmp_path / "connections.json"
    run("connections", "export", str(file))
    run("connections", "delete", "a")

    assert run("connections", "import", str(file)).out == "1 connection imported.\n"
    assert (
        run("connections", "import", str(file)).out
        == "0 connections imported. 1 exists already and was left.\n"
    )
    assert run("connections", "export", "--file-format", "env").out == "a=postgres://u:p@h:5432/db\n"


def test_a_pool_is_set_changed_and_deleted(run: Run, tmp_path: Path) -> None:
    assert run("pools", "set", "db", "3", "for the database").out == "Pool 'db' made: 3 slots.\n"
    assert run("pools", "set", "db", "5", "--include-deferred").out == "Pool 'db' changed: 5 slots.\n"
    assert run("pools", "get", "db", "-o", "json").data["include_deferred"] is True
    assert run("pools", "export", str(tmp_path / "pools.json")).code == 0
    assert run("pools", "delete", "db").code == 0
    assert run("pools", "import", str(tmp_path / "pools.json")).out == "2 pools imported.\n"
    assert [row["pool"] for row in run("pools", "list", "-o", "json").data] == ["db", "default_pool"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("set", "db", "many"), 2, "'many' is not a valid integer range"),
        (("set", "db", "9" * 20), 2, "is not in the range -1<=x<=1000000000"),
        (("set", "p" * 300, "1"), 2, "the name of a pool has 250 characters at most, got 300"),
        (("get", ""), 3, "there is no pool ''; there are: default_pool"),
        (("get", "defualt_pool"), 3, "there is no pool 'defualt_pool'; did you mean 'default_pool'?"),
        (("delete", "default_pool"), 2, "cannot be deleted"),
    ],
)
def test_wrong_pools_are_refused_with_a_sentence(
    run: Run, arguments: tuple[str, ...], code: int, message: str
) -> None:
    result = run("pools", *arguments)

    assert result.code == code
    assert message in result.err

"""Secrets backends: files, the environment, and loading by class path."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from etesian.config.load import load_settings
from etesian.sdk.connections.connection import Connection
from etesian.sdk.connections.variable import Variable
from etesian.sdk.exceptions import (
    AirflowFileParseException,
    AirflowUnsupportedFileTypeException,
    VariableNotUnique,
)
from etesian.sdk.secrets_backends.chain import (
    SecretsBackendError,
    active_backends,
    load_backend,
    set_backends,
)
from etesian.sdk.secrets_backends.environment import EnvironmentVariablesBackend
from etesian.sdk.secrets_backends.local_file import LocalFilesystemBackend
from etesian.sdk.secrets_backends.vault import VaultBackend, VaultError


def test_the_environment_is_asked_in_capital_letters() -> None:
    backend = EnvironmentVariablesBackend({"ETESIAN_VAR_BUCKET": "b", "AIRFLOW_CONN_DB": "pg://h"})
    assert (backend.get_variable("bucket"), backend.get_connection("db")) == ("b", "pg://h")
    assert (backend.get_variable("other"), backend.get_connection("other"), backend.get_config("x")) == (
        None,
        None,
        None,
    )


@pytest.mark.parametrize("suffix", ["json", "yaml", "env"])
def test_files_of_every_kind_are_read(tmp_path: Path, suffix: str) -> None:
    variables, connections = tmp_path / f"v.{suffix}", tmp_path / f"c.{suffix}"
    if suffix == "env":
        variables.write_text('# ours\nbucket = b\n\nplan={"a": 1}\n')
        connections.write_text("db=pg://h\n")
    else:
        variables.write_text(json.dumps({"bucket": "b", "plan": {"a": 1}}))
        connections.write_text(json.dumps({"db": {"conn_type": "pg", "host": "h"}}))
    backend = LocalFilesystemBackend(str(variables), str(connections))
    assert backend.get_variable("bucket") == "b"
    assert json.loads(backend.get_variable("plan") or "") == {"a": 1}
    assert Connection.from_text(str(backend.get_connection("db")), "db").host == "h"
    assert (backend.get_variable("none"), backend.get_config("none")) == (None, None)


@pytest.mark.parametrize(
    ("name", "text", "error", "message"),
    [
        ("v.json", "{", AirflowFileParseException, "not valid JSON"),
        ("v.json", "[1]", AirflowFileParseException, "one object"),
        ("v.yaml", "a: [", AirflowFileParseException, "not valid YAML"),
        ("v.env", "no equals sign", AirflowFileParseException, "line 1 has no '='"),
        ("v.env", "a=1\na=2", VariableNotUnique, "'a' is there twice .* line 2"),
        ("v.txt", "", AirflowUnsupportedFileTypeException, "use .json, .yaml"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(
    tmp_path: Path, name: str, text: str, error: type[Exception], message: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(error, match=message):
        LocalFilesystemBackend(variables_file_path=str(tmp_path / name))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AirflowFileParseException, match=r"nowhere\.json"):
        LocalFilesystemBackend(variables_file_path=str(tmp_path / "nowhere.json"))


def test_a_backend_is_loaded_by_its_class_path(tmp_path: Path) -> None:
    file = tmp_path / "v.json"
    file.write_text('{"a": "b"}')
    path = "etesian.sdk.secrets_backends.local_file.LocalFilesystemBackend"
    assert load_backend(path, {"variables_file_path": str(file)}).get_variable("a") == "b"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("etesian.nowhere.Backend", "cannot be imported"),
        ("etesian.sdk.secrets_backends.vault.Missing", "cannot be imported"),
        ("Backend", "cannot be imported"),
        ("etesian.sdk.secrets_backends.vault.VaultBackend", "refuses its arguments"),
    ],
)
def test_a_backend_that_cannot_be_had_says_why(path: str, message: str) -> None:
    with pytest.raises(SecretsBackendError, match=message):
        load_backend(path, {"no_such_argument": 1})


def test_vault_without_its_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hvac", None)  # as if it were not installed
    with pytest.raises(VaultError, match="pip install hvac"):
        VaultBackend(url="http://127.0.0.1:1", token="t").get_variable("x")


class TestSettings:
    path = "etesian.sdk.secrets_backends.local_file.LocalFilesystemBackend"

    @pytest.fixture(autouse=True)
    def from_settings(self) -> Iterator[None]:
        set_backends(None)
        yield
        set_backends(None)

    def test_the_settings_name_backends_and_their_arguments(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "v.json").write_text('{"bucket": "from file"}')
        arguments = {self.path: {"variables_file_path": str(tmp_path / "v.json")}}
        monkeypatch.setenv("ETESIAN__SECRETS__BACKENDS", self.path)
        monkeypatch.setenv("ETESIAN__SECRETS__BACKEND_ARGUMENTS", json.dumps(arguments))
        monkeypatch.setenv("ETESIAN_VAR_BUCKET", "from environment")
        assert Variable.get("bucket") == "from file"
        assert "v.json" not in repr(load_settings(os.environ))

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ("{", "not valid JSON"),
            ("[]", "must be a JSON object"),
            ('{"a.B": 1}', "must be a JSON object"),
            ('{"a.B": {}}', "has a.B, which secrets.backends does not name"),
        ],
    )
    def test_arguments_that_fit_no_backend_are_refused(
        self, arguments: str, message: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ETESIAN__SECRETS__BACKEND_ARGUMENTS", arguments)
        with pytest.raises(SecretsBackendError, match=message):
            active_backends()

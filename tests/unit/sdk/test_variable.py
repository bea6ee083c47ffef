"""Variables: where they are looked for, defaults, JSON, changes."""

from __future__ import annotations

import pytest

from etesian.sdk.connections.secrets_masker import redact
from etesian.sdk.connections.variable import Variable, VariableError, VariableNotFoundError
from etesian.sdk.exceptions import AirflowRuntimeError
from etesian.sdk.secrets_backends.base import BaseSecretsBackend
from etesian.sdk.secrets_backends.chain import set_backends
from tests.unit.memory_platform import MemoryPlatform


class OneVariable(BaseSecretsBackend):
    def get_variable(self, key: str) -> str | None:
        return "backend" if key == "bucket" else None


def test_backends_come_before_the_environment_and_that_before_the_platform(
    platform: MemoryPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.variables["bucket"] = "platform"
    assert Variable.get("bucket") == "platform"
    monkeypatch.setenv("AIRFLOW_VAR_BUCKET", "airflow")
    assert Variable.get("bucket") == "airflow"
    monkeypatch.setenv("ETESIAN_VAR_BUCKET", "ours")
    assert Variable.get("bucket") == "ours"
    set_backends([OneVariable()])
    try:
        assert Variable.get("bucket") == "backend"
    finally:
        set_backends(None)


def test_a_variable_that_does_not_exist_is_a_key_error_with_a_plain_sentence(
    platform: MemoryPlatform,
) -> None:
    with pytest.raises(KeyError) as caught:
        Variable.get("missing")
    assert isinstance(caught.value, VariableNotFoundError)
    assert isinstance(caught.value, AirflowRuntimeError)
    assert str(caught.value).startswith("Variable missing does not exist; add it with")


def test_a_default_is_returned_as_it_is_in_every_spelling(platform: MemoryPlatform) -> None:
    assert Variable.get("missing", None) is None
    assert Variable.get("missing", default="d") == "d"
    assert Variable.get("missing", default_var={"a": 1}, deserialize_json=True) == {"a": 1}


def test_json_is_read_and_written_on_request(platform: MemoryPlatform) -> None:
    Variable.set("plan", {"steps": [1, 2]}, serialize_json=True)
    assert Variable.get("plan", deserialize_json=True) == {"steps": [1, 2]}
    Variable.set("number", 5)
    assert Variable.get("number") == "5"


def test_a_text_that_is_no_json_names_its_variable(platform: MemoryPlatform) -> None:
    platform.variables["plan"] = "{"
    with pytest.raises(VariableError, match="variable 'plan' is not valid JSON"):
        Variable.get("plan", deserialize_json=True)


def test_setdefault_writes_only_what_is_not_there(platform: MemoryPlatform) -> None:
    assert Variable.setdefault("plan", [1], deserialize_json=True) == [1]
    assert Variable.setdefault("plan", [2], deserialize_json=True) == [1]
    with pytest.raises(VariableError, match="its default is None"):
        Variable.setdefault("other", None)


def test_update_needs_a_variable_and_delete_counts(platform: MemoryPlatform) -> None:
    with pytest.raises(VariableNotFoundError):
        Variable.update("k", "v")
    Variable.set("k", "v")
    Variable.update("k", "w")
    assert (Variable.get("k"), Variable.delete("k"), Variable.delete("k")) == ("w", 1, 0)


def test_a_value_whose_key_speaks_of_a_secret_is_masked(platform: MemoryPlatform) -> None:
    platform.variables |= {"api_token": "tok-12345", "region": "eu-west-1"}
    Variable.get("api_token")
    Variable.get("region")
    assert redact("tok-12345 in eu-west-1") == "*** in eu-west-1"
    assert "tok-12345" not in repr(Variable("api_token", "tok-12345"))

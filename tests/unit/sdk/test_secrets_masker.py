from __future__ import annotations

import logging
from typing import Any

import pytest

from etesian.sdk.connections.secrets_masker import SecretsMasker, should_hide_value_for_key


@pytest.fixture
def masker() -> SecretsMasker:
    return SecretsMasker()


@pytest.mark.parametrize(
    ("name", "hidden"),
    [
        ("password", True),
        ("DB_PASSWORD", True),
        ("apiKey", True),
        ("access_token", True),
        ("user", False),
        (None, False),
        (5, False),
    ],
)
def test_names_say_whether_their_values_are_secret(name: Any, hidden: bool) -> None:
    assert should_hide_value_for_key(name) is hidden


def test_a_value_is_hidden_wherever_it_turns_up(masker: SecretsMasker) -> None:
    masker.add_mask("hunter2")
    masker.add_mask("hunter22")
    assert masker.redact_text("a hunter2 b hunter22 c") == "a *** b *** c"
    assert masker.redact({"k": ["hunter2", ("x", {"hunter2"})]}) == {"k": ["***", ("x", {"***"})]}


@pytest.mark.parametrize("shown", ['pa"ss\nwd', 'pa\\"ss\\nwd', "pa%22ss%0Awd", 'pa"ss\\nwd'])
def test_a_value_is_hidden_in_json_literals_and_urls_too(masker: SecretsMasker, shown: str) -> None:
    masker.add_mask('pa"ss\nwd')
    assert masker.redact_text(f"<{shown}>") == "<***>"


def test_short_values_and_values_of_harmless_names_are_not_hidden(masker: SecretsMasker) -> None:
    masker.add_mask("abc")
    masker.add_mask("localhost", "host")
    assert masker.redact_text("abc at localhost") == "abc at localhost"


def test_sensitive_parts_of_a_structure_are_hidden(masker: SecretsMasker) -> None:
    masker.add_mask(
        {"host": "localhost", "auth": {"token": "t0ken-value", "scopes": ["read"]}, "secrets": ["first-one"]}
    )
    assert masker.redact_text("localhost t0ken-value read first-one") == "localhost *** read ***"


def test_values_under_sensitive_names_are_hidden_even_if_unknown(masker: SecretsMasker) -> None:
    assert masker.redact({"password": "x", "port": 5, "token": 7, "secret": None}) == {
        "password": "***",
        "port": 5,
        "token": "***",
        "secret": None,
    }


def test_listeners_hear_of_old_and_new_secrets(masker: SecretsMasker) -> None:
    heard: list[str] = []
    masker.add_mask("first-secret")
    masker.add_listener(heard.extend)
    masker.add_mask("second-secret")
    masker.add_mask("second-secret")
    assert heard == ["first-secret", "second-secret"]


def test_log_records_are_masked_with_their_arguments_and_tracebacks(masker: SecretsMasker) -> None:
    masker.add_mask("hunter2")
    try:
        raise ValueError("login hunter2")
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("x", logging.INFO, "f", 1, "user %s", ("hunter2",), info)
    assert masker.filter(record)
    assert (record.getMessage(), "hunter2" in (record.exc_text or "")) == ("user ***", False)

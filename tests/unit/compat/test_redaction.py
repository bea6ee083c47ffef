"""The masker in the form that providers subclass."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from etesian.compat.support.redaction import SecretsMasker, _secrets_masker, mask_secret


def test_values_of_sensitive_names_are_hidden_with_their_shape_left() -> None:
    masker = SecretsMasker()
    assert masker.redact({"password": {"a": "x", "b": ["y"]}, "user": "me"}) == {
        "password": {"a": "***", "b": ["***"]},
        "user": "me",
    }


def test_a_secret_is_hidden_in_texts_down_to_the_depth_that_a_call_allows() -> None:
    masker = SecretsMasker()
    masker.add_mask("hunter22")
    assert masker.redact(["hunter22", ("is hunter22",)]) == ["***", ("is ***",)]
    assert masker.redact([["hunter22"]], max_depth=1) == [["hunter22"]]


def test_a_masker_takes_over_what_another_one_hides() -> None:
    known, copy = SecretsMasker(), SecretsMasker()
    known.add_mask("hunter22")
    copy.patterns, copy.replacer = known.patterns, known.replacer
    assert copy.redact("is hunter22") == "is ***"


@pytest.fixture
def process_masker() -> Iterator[None]:
    yield
    _secrets_masker().reset()


@pytest.mark.usefixtures("process_masker")
def test_a_provider_s_masker_takes_over_what_this_process_hides() -> None:
    mask_secret("hunter22")
    copy = SecretsMasker()
    copy.patterns, copy.replacer = _secrets_masker().patterns, _secrets_masker().replacer
    assert copy.redact("is hunter22") == "is ***"

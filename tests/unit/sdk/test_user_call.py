"""Calling authors' functions."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import pytest

from etesian.sdk.assets.asset import Asset
from etesian.sdk.assets.asset_events import Metadata, OutletEventAccessors
from etesian.sdk.tasks.user_call import ReservedArgumentError, call_function, choose_kwargs

OFFER = {"ds": "2030-01-01", "run_id": "r", "mine": 1}


def test_a_function_gets_what_it_names() -> None:
    assert choose_kwargs(lambda ds, other=1: None, [], OFFER) == {"ds": "2030-01-01"}
    assert choose_kwargs(lambda x, *, mine: None, [5], OFFER) == {"mine": 1}
    assert choose_kwargs(lambda *args: None, [5, 6], OFFER) == {}
    assert choose_kwargs(lambda x, **rest: None, [5], OFFER) == OFFER


def test_of_several_offers_the_first_that_has_a_name_counts() -> None:
    own = {"mine": 2}
    assert choose_kwargs(lambda mine, ds: None, [], own, OFFER) == {"mine": 2, "ds": "2030-01-01"}
    assert choose_kwargs(lambda **rest: None, [], own, OFFER) == {**OFFER, "mine": 2}


def test_a_wrapped_function_gets_what_the_function_inside_names() -> None:
    def inside(ds: str) -> None: ...

    @functools.wraps(inside)
    def outside(*args: Any, **kwargs: Any) -> None:
        inside(*args, **kwargs)

    assert choose_kwargs(outside, [], OFFER) == {"ds": "2030-01-01"}
    assert choose_kwargs(functools.partial(inside), [], OFFER) == {"ds": "2030-01-01"}


def test_an_argument_that_is_only_taken_by_position_is_not_given_by_name() -> None:
    assert choose_kwargs(lambda x, /, ds=None: None, [5], OFFER) == {"ds": "2030-01-01"}
    assert choose_kwargs(lambda ds=None, /: None, [], OFFER) == {}


def test_a_positional_argument_cannot_take_a_context_key() -> None:
    with pytest.raises(ReservedArgumentError, match="'ds'"):
        choose_kwargs(lambda ds: None, [5], OFFER)


def test_a_builtin_without_a_signature_gets_nothing() -> None:
    assert choose_kwargs(dict.get, [{}], OFFER) == {} or choose_kwargs(print, [], OFFER) == {}


async def coroutine(x: int) -> int:
    return x + 1


def generator(x: int) -> Iterator[Metadata]:
    yield Metadata(Asset("a"), {"rows": x})
    return x


def test_functions_of_every_kind_give_their_result() -> None:
    events = OutletEventAccessors()
    assert call_function(lambda x: x * 2, [4], {}) == 8
    assert call_function(coroutine, [], {"x": 4}) == 5
    assert call_function(generator, [7], {}, events) == 7
    assert events[Asset("a")].extra == {"rows": 7}


def test_a_generator_object_as_a_plain_result_is_left_alone() -> None:
    made: Any = call_function(lambda: (number for number in (1, 2)), [], {})
    assert list(made) == [1, 2]

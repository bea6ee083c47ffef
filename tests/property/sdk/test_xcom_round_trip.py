from __future__ import annotations

import json
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from etesian.sdk.xcoms.xcom import deserialize, length_of, present, serialize

ZONES = st.sampled_from(
    [None, UTC, ZoneInfo("Europe/Oslo"), ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata")]
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
HASHABLE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    TEXT,
    st.binary(),
    st.dates(),
    st.uuids(),
)
LEAVES = st.one_of(
    HASHABLE,
    st.times(),
    st.timedeltas(),
    st.datetimes(timezones=ZONES, allow_imaginary=False),
    st.decimals(allow_nan=False),
    st.sets(HASHABLE, max_size=3),
    st.frozensets(HASHABLE, max_size=3),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(TEXT | st.sampled_from(["__type__", "value"]), inner, max_size=4),
    ),
    max_leaves=12,
)


@given(VALUES)
def test_every_value_comes_back_equal_and_of_its_type(value: Any) -> None:
    back = deserialize(serialize(value))
    assert back == value
    assert type(back) is type(value)


@given(VALUES)
def test_what_is_stored_is_json_and_can_be_shown_to_people(value: Any) -> None:
    stored = serialize(value)
    json.loads(stored)
    json.dumps(present(stored), allow_nan=False)


@given(VALUES)
def test_the_length_survives(value: Any) -> None:
    assert length_of(deserialize(serialize(value))) == length_of(value)

"""Connections survive being written as a URI, whatever their parts hold."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from etesian.sdk.connections.connection import Connection
from etesian.sdk.connections.connection_uri import (
    InvalidConnectionError,
    build_connection_uri,
    parse_connection_uri,
)

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
hosts = st.from_regex(r"\A([a-z][a-z0-9+.]{0,5}://)?[A-Za-z0-9._\-]{1,20}\Z") | texts.filter(
    lambda text: "://" not in text and text[0] != "["
)
extras = (
    st.none()
    | st.dictionaries(texts, texts, min_size=1).map(json.dumps)
    | st.dictionaries(texts, st.lists(st.integers()), min_size=1).map(json.dumps)
)
connections = st.fixed_dictionaries(
    {
        "conn_type": st.from_regex(r"\A[a-z][a-z0-9]{0,8}(_[a-z0-9]{1,5})?\Z").filter(
            lambda name: name != "postgresql"
        ),
        "host": hosts,
        "login": st.none() | texts,
        "password": st.none() | texts,
        "schema": st.none() | texts,
        "port": st.none() | st.integers(1, 65535),
        "extra": extras,
    }
)


@given(connections)
def test_every_part_comes_back(parts: dict[str, Any]) -> None:
    found = parse_connection_uri(build_connection_uri(parts))
    found["extra"] = json.loads(found["extra"]) if found["extra"] else None
    expected = {
        **parts,
        "schema": parts["schema"] or "",
        "extra": json.loads(parts["extra"]) if parts["extra"] else None,
    }
    assert found == expected


@given(connections)
def test_json_and_uri_describe_the_same_connection(parts: dict[str, Any]) -> None:
    made = Connection(conn_id="c", **parts)
    by_json, by_uri = Connection.from_json(made.as_json(), "c"), Connection.from_uri(made.get_uri(), "c")
    for name in ("conn_type", "host", "login", "password", "port", "extra_dejson"):
        assert getattr(by_json, name) == getattr(by_uri, name) == getattr(made, name)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(InvalidConnectionError):
        parse_connection_uri(text)

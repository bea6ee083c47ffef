"""``etesian bundles``."""

from __future__ import annotations

import json

import pytest

from etesian.bundles.source import WHOLE_BUNDLE
from etesian.cli.services.bundle_sources import make_source
from etesian.config import Settings, load_settings
from etesian.store import Store
from etesian.store.queries.parse_requests import take_parse_requests
from tests.integration.cli.conftest import Run
from tests.servers.git import Repository


def test_bundles_are_listed_with_where_they_come_from_and_what_was_fetched(
    run: Run, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream = Repository(settings.home / "upstream")
    commit = upstream.commit({"a.py": ""})
    tables = [
        {"name": "team", "git": f"file://bot:s3cret@{upstream.folder}", "ref": "prod"},
        {"name": "fetched", "git": str(upstream.folder)},
        {"name": "store", "files": "s3://bucket/dags"},
        {"name": "srv", "folder": "/srv/dags"},
    ]
    monkeypatch.setenv("ETESIAN__CORE__BUNDLES", json.dumps(tables))
    told = load_settings({"ETESIAN__CORE__BUNDLES": json.dumps(tables)}, settings.home)
    source = make_source(told, told.core.bundles[1])
    assert source is not None
    source.refresh()
    result = run("bundles", "list", "-o", "json")
    found = {
        row["bundle"]: (row["kind"], row["place"], row["follows"], row["version"]) for row in result.data
    }
    assert found == {
        "dags": ("folder", str(settings.home / "dags"), None, None),
        "team": ("git", f"file://***@{upstream.folder}", "prod", None),
        "fetched": ("git", str(upstream.folder), "main", commit),
        "store": ("files", "s3://bucket/dags", None, None),
        "srv": ("folder", "/srv/dags", None, None),
    }


def test_a_refresh_is_left_to_the_parser(run: Run, store: Store) -> None:
    result = run("bundles", "refresh", "dags")
    assert (result.code, result.err) == (0, "The parser was asked to read bundle dags.\n")
    with store.write() as connection:
        assert take_parse_requests(connection) == [("dags", WHOLE_BUNDLE)]
        assert take_parse_requests(connection) == []


def test_a_bundle_that_is_not_there_is_named(run: Run) -> None:
    result = run("bundles", "refresh", "dgas")
    assert (result.code, result.out) == (3, "")
    assert "'dgas'" in result.err
    assert "dags" in result.err

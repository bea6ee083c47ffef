"""``etesian bundles``."""

from __future__ import annotations

import json

import pytest

from etesian.cli.services.bundle_sources import make_source
from etesian.config import Settings, load_settings
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

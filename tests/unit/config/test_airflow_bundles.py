from __future__ import annotations

import json
from pathlib import Path

import pytest

from etesian.config.load import load_with_sources

LOCAL = "airflow.dag_processing.bundles.local.LocalDagBundle"
VARIABLE = "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"
GIT_CLASS = "airflow.providers.git.bundles.git.GitDagBundle"
S3_CLASS = "airflow.providers.amazon.aws.bundles.s3.S3DagBundle"
GCS_CLASS = "airflow.providers.google.cloud.bundles.gcs.GCSDagBundle"


def places(home: Path, *bundles: tuple[str, str, dict[str, object]]) -> dict[str, tuple[str, str, str]]:
    listed = [{"name": name, "classpath": path, "kwargs": kwargs} for name, path, kwargs in bundles]
    found = load_with_sources({VARIABLE: json.dumps(listed)}, home).settings.core.bundles
    return {each.name: (each.place, each.ref, each.subfolder) for each in found}


def test_airflow_s_bundles_are_taken_with_what_they_follow(tmp_path: Path) -> None:
    git = {"repo_url": "https://h/r.git", "tracking_ref": "prod", "subdir": "dags", "git_conn_id": "c"}
    found = places(
        tmp_path,
        ("dags-folder", LOCAL, {}),
        ("srv", LOCAL, {"path": "/srv/dags"}),
        ("repo", GIT_CLASS, git),
        ("by-connection", GIT_CLASS, {"tracking_ref": "main", "git_conn_id": "c"}),
        ("s3", S3_CLASS, {"bucket_name": "b", "prefix": "/team/"}),
        ("gcs", GCS_CLASS, {"bucket_name": "b"}),
        ("own", "our.bundles.FtpBundle", {"host": "h"}),
        ("dags", LOCAL, {"path": "/dags"}),
    )
    assert found == {
        "srv": ("/srv/dags", "main", ""),
        "repo": ("https://h/r.git", "prod", "dags"),
        "by-connection": ("connection c", "main", ""),
        "s3": ("s3://b/team", "main", ""),
        "gcs": ("gs://b", "main", ""),
        "airflow-dags": ("/dags", "main", ""),
    }


def test_how_often_airflow_looks_is_taken_along(tmp_path: Path) -> None:
    listed = [{"name": "a", "classpath": GIT_CLASS, "kwargs": {"repo_url": "r", "refresh_interval": 30}}]
    loaded = load_with_sources({VARIABLE: json.dumps(listed)}, tmp_path)
    assert loaded.settings.core.bundles[0].refresh_seconds == 30.0
    assert loaded.sources["core.bundles"] == f"environment variable {VARIABLE}"


@pytest.mark.parametrize("text", ["", "{", "{}", "[1]", '[{"name": "a"}]'])
def test_a_list_that_means_nothing_is_left_to_airflow(tmp_path: Path, text: str) -> None:
    assert load_with_sources({VARIABLE: text}, tmp_path).settings.core.bundles == ()

"""Airflow's list of DAG bundles, in the words of ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from etesian.config.bundles import RESERVED_NAMES


def read_bundle_list(text: str) -> list[dict[str, object]]:
    """Return the bundles of an Airflow installation as tables of ``core.bundles``.

    Those of the DAGs folder itself and those of classes that have no counterpart here are left out.

    >>> read_bundle_list('[{"name": "a", "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle", '
    ...                  '"kwargs": {"path": "/srv/a"}}]')
    [{'name': 'a', 'folder': '/srv/a'}]
    """
    try:
        listed = json.loads(text)
    except ValueError:
        return []
    tables = []
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict):
            place = _place(str(each.get("classpath")), each.get("kwargs") or {})
            if place:
                tables.append({"name": _name(str(each.get("name"))), **place})
    return tables


def _name(name: str) -> str:
    return f"airflow-{name}" if name in RESERVED_NAMES else name


def _place(class_path: str, kwargs: Mapping[str, Any]) -> dict[str, object]:
    told: dict[str, object | None]
    match class_path:
        case "airflow.dag_processing.bundles.local.LocalDagBundle":
            told = {"folder": kwargs.get("path")}
        case "airflow.providers.git.bundles.git.GitDagBundle":
            told = {
                "git": kwargs.get("repo_url"),
                "ref": kwargs.get("tracking_ref"),
                "subfolder": kwargs.get("subdir"),
                "connection": kwargs.get("git_conn_id"),
            }
        case "airflow.providers.amazon.aws.bundles.s3.S3DagBundle":
            told = {"files": _url("s3", kwargs)}
        case "airflow.providers.google.cloud.bundles.gcs.GCSDagBundle":
            told = {"files": _url("gs", kwargs)}
        case _:
            return {}
    found = {key: value for key, value in told.items() if value}
    if found and kwargs.get("refresh_interval"):
        found["refresh_seconds"] = kwargs["refresh_interval"]
    return found if found.keys() & {"folder", "git", "files", "connection"} else {}


def _url(scheme: str, kwargs: Mapping[str, Any]) -> str:
    prefix = str(kwargs.get("prefix") or "").strip("/")
    return f"{scheme}://{kwargs.get('bucket_name')}" + (f"/{prefix}" if prefix else "")

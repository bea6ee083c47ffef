"""Answers about the versions of DAGs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from etesian.store.queries.versions import VersionRecord


class DagVersionResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The version of a DAG that something ran with."""

    id: str
    version_number: int
    dag_id: str
    bundle_name: str | None
    bundle_version: str | None
    created_at: datetime | None
    dag_display_name: str
    bundle_url: str | None = None


class DagVersionCollectionResponse(msgspec.Struct, frozen=True, kw_only=True):
    """All versions of a DAG."""

    dag_versions: Sequence[DagVersionResponse]
    total_entries: int


class DagSourceResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The text of the file that defined a version of a DAG."""

    content: str | None
    dag_id: str
    version_number: int | None
    dag_display_name: str


def dag_version_response(version: VersionRecord) -> DagVersionResponse:
    """Return the answer for one version."""
    return DagVersionResponse(
        id=version.version_hash,
        version_number=version.number,
        dag_id=version.dag_id,
        bundle_name=version.bundle,
        bundle_version=version.bundle_version,
        created_at=version.created_at,
        dag_display_name=version.dag_id,
    )

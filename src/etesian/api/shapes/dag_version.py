"""Which version of a DAG something ran with."""

from __future__ import annotations

from datetime import datetime

import msgspec


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

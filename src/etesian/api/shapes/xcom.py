"""Answers about XComs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec


class XComResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One pushed value, without the value itself: lists stay small."""

    key: str
    timestamp: datetime
    logical_date: datetime | None
    map_index: int
    task_id: str
    dag_id: str
    run_id: str
    dag_display_name: str
    task_display_name: str


class XComValueResponse(XComResponse, frozen=True, kw_only=True):
    """One pushed value."""

    value: msgspec.Raw


class XComCollectionResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The values of a task instance."""

    xcom_entries: Sequence[XComResponse]
    total_entries: int

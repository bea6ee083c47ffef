"""Answers that a task of Airflow gets from its supervisor; here they travel as messages of ``etesian.protocol``.

Code that only builds them, in tests above all, finds their classes here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass
class XComResult:
    """An XCom, or that there is none."""

    key: str
    value: Any = None


@dataclass
class VariableResult:
    """A variable."""

    key: str
    value: str | None = None


@dataclass
class ConnectionResult:
    """A connection."""

    conn_id: str
    conn_type: str
    host: str | None = None
    schema: str | None = None
    login: str | None = None
    password: str | None = None
    port: int | None = None
    extra: str | None = None

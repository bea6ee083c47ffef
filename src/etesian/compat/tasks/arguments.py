"""Marks for arguments that nobody gave, or that are only known while a task runs."""

from __future__ import annotations

from typing import Any

from etesian.sdk.tasks.decorated_operator import SET_DURING_EXECUTION
from etesian.sdk.xcoms.xcom_arg import ArgNotSet

__all__ = ["SET_DURING_EXECUTION", "is_arg_set"]


def is_arg_set(value: Any) -> bool:
    """Whether an argument was given."""
    return not isinstance(value, ArgNotSet)

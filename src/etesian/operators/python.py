"""Tasks that are Python functions: the names that authors import."""

from __future__ import annotations

from etesian.operators.python_branch import BranchPythonOperator, ShortCircuitOperator
from etesian.operators.python_callable import PythonOperator
from etesian.operators.python_elsewhere import (
    BranchExternalPythonOperator,
    BranchPythonVirtualenvOperator,
    ExternalPythonOperator,
    PythonVirtualenvOperator,
)
from etesian.sdk.context import get_current_context

__all__ = [
    "BranchExternalPythonOperator",
    "BranchPythonOperator",
    "BranchPythonVirtualenvOperator",
    "ExternalPythonOperator",
    "PythonOperator",
    "PythonVirtualenvOperator",
    "ShortCircuitOperator",
    "get_current_context",
]

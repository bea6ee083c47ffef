"""An operator for tests of what surrounds operators."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseOperator


class MockOperator(BaseOperator):
    """Has two templated arguments and does nothing."""

    template_fields = ("arg1", "arg2")

    def __init__(self, arg1: str = "", arg2: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.arg1 = arg1
        self.arg2 = arg2

    def execute(self, context: Any) -> None:
        """Do nothing."""

"""Tasks that do nothing, to give a graph its shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etesian.sdk.tasks.operator import BaseOperator

if TYPE_CHECKING:
    from etesian.sdk.context import Context


class EmptyOperator(BaseOperator):
    """Does nothing; the scheduler completes it without a worker, unless it has callbacks or outlets."""

    ui_color = "#e8f7e4"
    inherits_from_empty_operator = True

    def execute(self, context: Context) -> None:
        """Do nothing."""


class DummyOperator(EmptyOperator):
    """The name of ``EmptyOperator`` in Airflow 1."""


class SmoothOperator(BaseOperator):
    """Logs where to listen to the song."""

    ui_color = "#e8f7e4"

    def execute(self, context: Context) -> None:
        """Log the link."""
        self.log.info("Enjoy Sade - Smooth Operator: https://www.youtube.com/watch?v=4TYv2PhG89A")

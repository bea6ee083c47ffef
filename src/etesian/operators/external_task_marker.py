"""Tasks that say which task of another DAG depends on them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from etesian.operators.empty import EmptyOperator
from etesian.sdk.dag_links import ExternalDagLink
from etesian.sdk.exceptions import InvalidDagError


class ExternalTaskMarker(EmptyOperator):
    """Marks that a task of another DAG waits for this one, so that clearing this one can clear that one.

    ``logical_date`` names the other run; ``recursion_depth`` bounds how far markers of further DAGs are
    followed.
    """

    template_fields: Sequence[str] = ("external_dag_id", "external_task_id", "logical_date")
    operator_extra_links = (ExternalDagLink(),)
    ui_color = "#4db7db"

    def __init__(
        self,
        *,
        external_dag_id: str,
        external_task_id: str,
        logical_date: str | datetime | None = "{{ logical_date.isoformat() }}",
        execution_date: str | datetime | None = None,
        recursion_depth: int = 10,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if recursion_depth <= 0:
            raise InvalidDagError(
                f"recursion_depth of marker {self.task_id!r} must be positive, got {recursion_depth}"
            )
        given = execution_date if execution_date is not None else logical_date
        self.external_dag_id = external_dag_id
        self.external_task_id = external_task_id
        self.logical_date = given.isoformat() if isinstance(given, datetime) else given
        self.recursion_depth = recursion_depth

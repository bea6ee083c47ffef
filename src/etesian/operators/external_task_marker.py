"""Tasks that say which task of another DAG depends on them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from etesian.operators.empty import EmptyOperator
from etesian.sdk.dags.dag_links import ExternalDagLink
from etesian.sdk.exceptions import InvalidDagError
from etesian.spec.task import MarkerSpec

#: The template of the date of the marker's own run; Airflow 2 and 1 wrote it with other names.
SAME_DATE: Final = "{{ logical_date.isoformat() }}"
_SAME_DATES: Final = (None, SAME_DATE, "{{ execution_date.isoformat() }}", "{{ ts }}")


class ExternalTaskMarker(EmptyOperator):
    """Marks that a task of another DAG waits for this one: clearing this one clears that one and what follows it.

    ``logical_date`` names the other run; ``recursion_depth`` bounds how far markers of further DAGs are
    followed. A marker with templates of its own is run by a worker, which renders them.
    """

    template_fields: Sequence[str] = ("external_dag_id", "external_task_id", "logical_date")
    operator_extra_links = (ExternalDagLink(),)
    ui_color = "#4db7db"

    def __init__(
        self,
        *,
        external_dag_id: str,
        external_task_id: str,
        logical_date: str | datetime | None = SAME_DATE,
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
        self.marker = MarkerSpec(
            dag_id=str(external_dag_id),
            task_id=str(external_task_id),
            logical_date=None if self.logical_date in _SAME_DATES else str(self.logical_date),
            recursion_depth=recursion_depth,
        )
        texts = (self.marker.dag_id, self.marker.task_id, self.marker.logical_date or "")
        # Without templates of its own there is nothing to render, so that no worker has to run it.
        self.inherits_from_empty_operator = not any("{{" in text or "{%" in text for text in texts)

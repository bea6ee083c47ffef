"""Which DAG and task a file is imported for, for files that make many DAGs and would like to make only one."""

from __future__ import annotations

from typing import NamedTuple


class AirflowParsingContext(NamedTuple):
    """The DAG and the task that are wanted of a file; None means all of them."""

    dag_id: str | None = None
    task_id: str | None = None


def get_parsing_context() -> AirflowParsingContext:
    """Return that all DAGs are wanted: a file is imported once for the tasks of all its DAGs, not once per task."""
    return AirflowParsingContext()

"""Columns of Airflow's tables, as far as code at the top of a DAG file combines them; no row is read."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from etesian.protocol.workloads import RunContext
from etesian.sdk.running import dag_run


class Column(str):
    """A column, or a condition made of columns: a text that says what was written."""

    __slots__ = ()

    def is_(self, value: object) -> Column:
        """Return a condition."""
        return Column(f"{self} IS {value}")

    def isnot(self, value: object) -> Column:
        """Return a condition."""
        return Column(f"{self} IS NOT {value}")

    is_not = isnot

    def in_(self, values: object) -> Column:
        """Return a condition."""
        return Column(f"{self} IN {values}")

    def like(self, pattern: str) -> Column:
        """Return a condition."""
        return Column(f"{self} LIKE {pattern!r}")

    def desc(self) -> Column:
        """Return an order."""
        return Column(f"{self} DESC")

    def asc(self) -> Column:
        """Return an order."""
        return Column(f"{self} ASC")


class ColumnMeta(type):
    """Lets module-level code name columns (``Log.dttm``) without reading any row."""

    def __getattr__(cls, name: str) -> Column:
        if name.startswith("_"):
            raise AttributeError(name)
        return Column(f"{cls.__name__}.{name}")


class _RunMeta(ColumnMeta):
    """Of the class itself, what a run knows is a column; runs are those that tasks get."""

    def __getattribute__(cls, name: str) -> Any:
        value = super().__getattribute__(name)
        is_field = isinstance(value, property | cached_property)
        return Column(f"DagRun.{name}") if is_field and not name.startswith("_") else value

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, dag_run.DagRun)


class DagRun(dag_run.DagRun, metaclass=_RunMeta):
    """``airflow.models.DagRun``: ``find`` asks for runs, ``isinstance`` tells them, and its columns can be named.

    One made by its fields, as tests of operators do, is a run that nobody runs.
    """

    def __init__(
        self,
        dag_id: str = "",
        run_id: str = "",
        run_type: str = "manual",
        *,
        state: str = "queued",
        **fields: Any,
    ) -> None:
        logical_date = fields.pop("execution_date", fields.pop("logical_date", None))
        interval = fields.pop("data_interval", None) or (logical_date, logical_date)
        dates = {
            "run_after": logical_date,
            "data_interval_start": interval[0],
            "data_interval_end": interval[1],
            **fields,
        }
        run = RunContext(
            dag_id=dag_id, run_id=run_id, run_type=str(run_type), logical_date=logical_date, **dates
        )
        super().__init__(run, state=state)

    @staticmethod
    def _get_partial_task_ids(dag: Any) -> None:
        """Return the tasks of a part of a DAG, for providers that ask: a run is of the whole DAG here."""

"""Columns of Airflow's tables, as far as code at the top of a DAG file combines them; no row is read."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from etesian.sdk import dag_run


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
    """``airflow.models.DagRun``: ``find`` asks for runs, ``isinstance`` tells them, and its columns can be named."""

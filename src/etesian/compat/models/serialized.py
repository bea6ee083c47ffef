"""Airflow's stored forms of DAGs and tasks: providers ask whether an object is one, and here none ever is."""

from __future__ import annotations

from typing import TypeVar

from etesian.compat.models.views import Model

T = TypeVar("T")


class SerializedDAG(Model):
    """A stored DAG."""

    instead = "etesian.spec"


class SerializedBaseOperator(Model):
    """A stored task."""

    instead = "etesian.spec"


class SerializedMappedOperator(Model):
    """A stored mapped task."""

    instead = "etesian.spec"


def coerce_to_core_timetable(timetable: T) -> T:
    """Return the timetable: authors' and the scheduler's are of one class here."""
    return timetable

"""Airflow's stored forms of DAGs and tasks: providers ask whether an object is one, and here none ever is."""

from __future__ import annotations

from etesian.compat.views import Model


class SerializedDAG(Model):
    """A stored DAG."""

    instead = "etesian.spec"


class SerializedBaseOperator(Model):
    """A stored task."""

    instead = "etesian.spec"


class SerializedMappedOperator(Model):
    """A stored mapped task."""

    instead = "etesian.spec"

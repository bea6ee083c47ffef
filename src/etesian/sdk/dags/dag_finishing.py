"""Who has a say about each DAG of a file after the file has been imported: policies, plugins."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from etesian.sdk.dags.dag import DAG

_finishers: Final[list[Callable[[DAG], None]]] = []


def add_dag_finisher(finish: Callable[[DAG], None]) -> None:
    """Let ``finish`` change or refuse each DAG, by raising, when its file has been imported."""
    _finishers.append(finish)


def finish_dag(dag: DAG) -> None:
    """Let all have their say.

    Raises:
        Exception: what a finisher raised.
    """
    for finish in _finishers:
        finish(dag)

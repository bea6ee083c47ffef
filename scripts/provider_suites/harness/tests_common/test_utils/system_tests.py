"""What example DAGs call at their end, so that Airflow's maintainers can run each as a test of pytest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def get_test_run(dag: Any, **_: Any) -> Callable[[], None]:
    """Return a test that runs the DAG to its end."""

    def test_run() -> None:
        dag.test()

    return test_run

"""``dag.test()``, with the arguments that Airflow's has."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from etesian.sdk.connections.secrets_masker import secrets_masker
from etesian.sdk.dags.dag import DAG
from etesian.sdk.secrets_backends.local_file import read_secrets_file
from etesian.sdk.xcoms.xcom_arg import NOTSET
from etesian.testing.result import RunResult
from etesian.testing.run import RunOptions, run_with


def run_dag_test(
    dag: DAG,
    run_after: datetime | None = None,
    logical_date: Any = NOTSET,
    run_conf: Mapping[str, Any] | None = None,
    conn_file_path: str | None = None,
    variable_file_path: str | None = None,
    use_executor: bool = False,
    mark_success_pattern: str | re.Pattern[str] | None = None,
    *,
    execution_date: Any = NOTSET,
    session: Any = None,
) -> RunResult:
    """Run the DAG once in this process, log to standard error, and return the run.

    ``use_executor`` and ``session`` are there for files written for Airflow; there is neither here.
    """
    options = RunOptions(
        conf=dict(run_conf or {}),
        logical_date=execution_date if logical_date is NOTSET else logical_date,
        run_after=run_after,
        mark_success=mark_success_pattern,
        connections=read_secrets_file(conn_file_path),
        variables=read_secrets_file(variable_file_path),
    )
    with _log_on_stderr():
        return run_with(dag, options)


@contextmanager
def _log_on_stderr() -> Iterator[None]:
    """Show what tasks log, unless the program has its own idea of where logs go."""
    root = logging.getLogger()
    if root.handlers:
        yield
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    handler.addFilter(secrets_masker())
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)

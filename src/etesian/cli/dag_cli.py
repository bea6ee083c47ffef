"""``dag.cli()``: a DAG file as the command that runs its DAG."""

from __future__ import annotations

import sys

from etesian.cli.main import main
from etesian.sdk.dags.dag import DAG


def run_dag_cli(dag: DAG) -> None:
    """Run ``etesian run`` for a DAG and its file, with the arguments of the program, and exit with its code.

    Other commands name the DAG themselves: ``etesian dags --help`` lists them.
    """
    main(["run", dag.fileloc, "--dag", dag.dag_id, *sys.argv[1:]])

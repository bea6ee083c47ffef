"""What DAG files import from Airflow's examples."""

from __future__ import annotations

import sys
from typing import Any

from etesian.operators.empty import EmptyOperator
from etesian.sdk.dags.dag import DAG
from etesian.sdk.time.timezone import datetime


def subdag(parent_dag_name: str, child_dag_name: str, args: dict[str, Any]) -> DAG:
    """Return a DAG of five tasks that do nothing, for a SubDagOperator."""
    dag = DAG(
        f"{parent_dag_name}.{child_dag_name}",
        default_args=args,
        start_date=datetime(2021, 1, 1),
        schedule="@daily",
        catchup=False,
    )
    for number in range(1, 6):
        EmptyOperator(task_id=f"{child_dag_name}-task-{number}", default_args=args, dag=dag)
    return dag


def print_stuff() -> None:
    """Print a line."""
    sys.stdout.write("annotated!\n")

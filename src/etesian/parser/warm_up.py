"""What the nursery does once so that its children need not: import common operators, fill caches."""

from __future__ import annotations

from datetime import UTC, datetime

from etesian.operators.bash import BashOperator
from etesian.operators.empty import EmptyOperator
from etesian.operators.python import PythonOperator
from etesian.parser.child import describe_dag
from etesian.sdk.dags.dag import DAG
from etesian.sdk.tasks.taskflow import task


def warm_up() -> None:
    """Make and describe a small DAG: signatures, patterns, expressions and encoders are then in place."""
    with DAG("warm_up", schedule="0 0 * * *", start_date=datetime(2000, 1, 1, tzinfo=UTC)) as dag:
        first = EmptyOperator(task_id="empty")
        second = BashOperator(task_id="bash", bash_command="true")
        third = PythonOperator(task_id="python", python_callable=datetime.today)
        first >> second >> third >> task(_nothing)()
    describe_dag(dag, "warm_up.py")


def _nothing() -> None:
    """Stand for an author's function."""

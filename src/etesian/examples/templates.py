"""Fields of operators may hold Jinja templates, filled when the task runs."""

from __future__ import annotations

from etesian import DAG, Param
from etesian.operators.bash import BashOperator

with DAG(
    "templates",
    schedule="0 6 * * *",
    tags=["example"],
    params={"table": Param("orders", type="string", description="What to export.")},
):
    export = BashOperator(
        task_id="export",
        bash_command="echo exporting {{ params.table }} in run {{ run_id }}, try {{ ti.try_number }}",
    )
    verify = BashOperator(
        task_id="verify",
        bash_command="echo \"the export said: {{ ti.xcom_pull(task_ids='export') }}\"",
    )
    export >> verify

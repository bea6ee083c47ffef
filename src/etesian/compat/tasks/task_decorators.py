"""TaskFlow decorators by the names of the functions that Airflow 2 keeps them in."""

from __future__ import annotations

from etesian.sdk.tasks.taskflow import setup, task, teardown

python_task = task
bash_task = task.bash
branch_task = task.branch
branch_external_python_task = task.branch_external_python
branch_virtualenv_task = task.branch_virtualenv
external_python_task = task.external_python
sensor_task = task.sensor
short_circuit_task = task.short_circuit
virtualenv_task = task.virtualenv
run_if = task.run_if
skip_if = task.skip_if
setup_task = setup
teardown_task = teardown

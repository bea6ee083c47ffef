"""The task that makes a run fail where a teardown at its end would hide a failure."""

from __future__ import annotations

from airflow.exceptions import AirflowException

try:
    from airflow.sdk import task
except ImportError:
    from airflow.decorators import task


@task(trigger_rule="one_failed", retries=0)  # type: ignore[untyped-decorator]
def watcher() -> None:
    """Fail, because a task above has failed.

    Raises:
        AirflowException: always.
    """
    raise AirflowException("Failing task because one or more upstream tasks failed.")

"""The DAG file of the rehearsal: as small as they come, and spelled as most are."""

from datetime import datetime

from etesian import DAG, task


@task
def nothing() -> None:
    """Do nothing."""


with DAG("rehearsal", schedule=None, start_date=datetime(2000, 1, 1), catchup=False):  # noqa: DTZ001 - as authors do
    nothing()

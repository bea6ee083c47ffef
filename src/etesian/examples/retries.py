"""A task that fails is tried again, after a wait that doubles each time."""

from __future__ import annotations

from datetime import timedelta

from etesian import dag, task


@dag(schedule=None, tags=["example"])
def retries() -> None:
    """Ask a service that answers the third time only."""

    @task(
        retries=3,
        retry_delay=timedelta(seconds=0.5),
        retry_exponential_backoff=True,
        max_retry_delay=timedelta(seconds=5),
    )
    def ask_flaky_service(try_number: int = 0) -> str:
        """Fail twice. ``try_number`` is one of the values a function may ask for by name."""
        if try_number < 3:
            raise ConnectionError(f"the service did not answer (try {try_number})")
        return f"answered on try {try_number}"

    ask_flaky_service()


retries()

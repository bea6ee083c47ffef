"""The smallest DAG: one function, run once a minute. It is not paused, so that there is something to see at once."""

from __future__ import annotations

from etesian import dag, task


@dag(schedule="* * * * *", is_paused_upon_creation=False, tags=["example"])
def hello() -> None:
    """Say hello."""

    @task
    def greet() -> str:
        """Print a line, which goes to the task's log, and leave it for others."""
        greeting = "Hello from Etesian"
        print(greeting)
        return greeting

    greet()


hello()

"""Functions that are called when a task or a run ends one way or the other."""

from __future__ import annotations

from typing import Any

from etesian import dag, task


def say_that_it_is_done(context: dict[str, Any]) -> None:
    """Stand for a message to a chat channel."""
    print(f"{context['dag_run'].run_id} is done")


def say_that_it_failed(context: dict[str, Any]) -> None:
    """Stand for a page to whoever is on duty; ``exception`` is what the task raised."""
    print(f"{context['ti'].task_id} failed: {context.get('exception')}")


@dag(schedule=None, tags=["example"], on_success_callback=say_that_it_is_done)
def callbacks() -> None:
    """A task fails, its callback is called, and the run goes on all the same."""

    @task(on_failure_callback=say_that_it_failed)
    def fragile() -> None:
        """Fail."""
        raise ValueError("the file has no header")

    @task(trigger_rule="all_done")
    def tidy() -> None:
        """Run whatever came before."""
        print("tidying up")

    fragile() >> tidy()


callbacks()

"""A task chooses which way the run takes; the other way is skipped."""

from __future__ import annotations

from etesian import Param, dag, task


@dag(schedule=None, tags=["example"], params={"rows": Param(120, type="integer", minimum=0)})
def branching() -> None:
    """Load few rows at once, many in batches; then clean up, whichever way it was."""

    @task.branch
    def choose(params: dict[str, int]) -> str:
        """Return the task_id to go on with."""
        return "load_in_batches" if params["rows"] > 100 else "load_at_once"

    @task
    def load_at_once() -> None:
        """Stand for the quick way."""
        print("loading at once")

    @task
    def load_in_batches() -> None:
        """Stand for the slow way."""
        print("loading in batches")

    @task(trigger_rule="none_failed_min_one_success")
    def clean_up() -> None:
        """Run when one way succeeded and the other was skipped."""
        print("cleaning up")

    choose() >> [load_at_once(), load_in_batches()] >> clean_up()


branching()

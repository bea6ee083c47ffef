"""One task becomes as many as there are elements, known only while the DAG runs."""

from __future__ import annotations

from etesian import dag, task


@dag(schedule=None, tags=["example"])
def mapping() -> None:
    """Count the words of each page, side by side, and add them up."""

    @task
    def find_pages() -> list[str]:
        """Return what to work on; each element becomes a task instance."""
        return ["one two three", "four five", "six"]

    @task
    def count_words(page: str) -> int:
        """Count one page."""
        return len(page.split())

    @task
    def add_up(counts: list[int]) -> int:
        """Receive what all instances returned, in order."""
        return sum(counts)

    add_up(count_words.expand(page=find_pages()))


mapping()

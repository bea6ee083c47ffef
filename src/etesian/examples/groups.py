"""Tasks that belong together form a group, which is wired as a whole and can be folded in the UI."""

from __future__ import annotations

from etesian import dag, task, task_group


@dag(schedule=None, tags=["example"])
def groups() -> None:
    """Prepare, do the same for two regions, report."""

    @task
    def prepare() -> None:
        """Come before all groups."""
        print("preparing")

    @task
    def pull(region: str) -> str:
        """Stand for a download."""
        return f"data of {region}"

    @task
    def check(data: str) -> None:
        """Stand for a test of the data."""
        print(f"{data} looks right")

    @task
    def report() -> None:
        """Come after all groups."""
        print("all regions are done")

    @task_group
    def region_group(region: str) -> None:
        """Pull and check one region; task_ids begin with the group's id."""
        check(pull(region))

    regions = [region_group.override(group_id=region)(region) for region in ("north", "south")]
    prepare() >> regions >> report()


groups()

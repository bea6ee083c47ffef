"""Who may run at the same time, and who goes first: pools, limits per task, priorities."""

from __future__ import annotations

import time

from etesian import dag, task


@dag(schedule=None, tags=["example"], max_active_tasks=4)
def limits() -> None:
    """Read eight tables, two at a time; the urgent one overtakes those that wait."""

    @task(max_active_tis_per_dag=2, pool="default_pool", pool_slots=1)
    def read_table(number: int) -> int:
        """Stand for a query that the database should not get eight times at once."""
        time.sleep(0.2)
        return number

    for number in range(7):
        read_table.override(task_id=f"read_table_{number}")(number)
    read_table.override(task_id="read_urgent_table", priority_weight=10)(7)


limits()

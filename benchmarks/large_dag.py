"""A DAG of 10,000 tasks: how soon after the trigger its first task runs."""

from __future__ import annotations

import statistics
import time

from benchmarks.figure import Figure, run_alone
from benchmarks.stage import dag_file, staged

SIZE = 10_000
ROUNDS = 3
BODY = f"""
first = no_op.override(task_id="first")()
for number in range({SIZE - 1}):
    first >> no_op.override(task_id=f"task_{{number}}")()
"""


def measure() -> list[Figure]:
    """Return the median from the API call to the first task's user code, over runs that are then failed."""
    waits: list[float] = []
    with staged({"large.py": dag_file("large", BODY)}) as stage:
        stage.activate("large", within=100)
        for _ in range(ROUNDS):
            asked = time.time()
            run_id = stage.platform.trigger("large")
            spans = stage.wait_for_spans(1, run_id, within=60)
            waits.append(spans[0].began - asked)
            stage.platform.ask("PATCH", f"/dags/large/dagRuns/{run_id}", json={"state": "failed"})
    median = statistics.median(waits)
    return [Figure(what="DAG of 10,000 tasks: trigger to first task", value=median, unit="s", budget=1)]


if __name__ == "__main__":
    run_alone("large_dag", measure)

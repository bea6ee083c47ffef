"""One task, then 500 at once, then one: how many isolated tasks a second go through."""

from __future__ import annotations

import statistics

from benchmarks.figure import Figure, run_alone
from benchmarks.stage import dag_file, staged

WIDTH = 500
ROUNDS = 3
BODY = f"""
first = no_op.override(task_id="first")()
last = no_op.override(task_id="last")()
for number in range({WIDTH}):
    first >> no_op.override(task_id=f"wide_{{number}}")() >> last
"""


def measure() -> list[Figure]:
    """Return the median rate over several runs, from the first task's start to the last one's end."""
    rates: list[float] = []
    with staged({"fan_out.py": dag_file("fan_out", BODY)}) as stage:
        stage.activate("fan_out")
        for round_number in range(ROUNDS + 1):
            run_id = stage.platform.trigger("fan_out")
            spans = stage.wait_for_spans(WIDTH + 2, run_id, within=120)
            if round_number > 0:
                rates.append(len(spans) / (spans[-1].ended - spans[0].began))
    rate = statistics.median(rates)
    return [Figure(what="1 -> 500 -> 1: tasks a second", value=rate, unit="/s", budget=300, is_floor=True)]


if __name__ == "__main__":
    run_alone("fan_out", measure)

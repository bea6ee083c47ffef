"""From the API call that triggers a run to the first line of user code."""

from __future__ import annotations

import statistics
import time

from benchmarks.figure import Figure, run_alone
from benchmarks.stage import chain_file, staged

ROUNDS = 30


def measure() -> list[Figure]:
    """Return the median over single triggers of an idle platform, the first one left out as warm-up."""
    waits: list[float] = []
    with staged({"single.py": chain_file("single", 1)}) as stage:
        stage.activate("single")
        for round_number in range(ROUNDS + 1):
            asked = time.time()
            run_id = stage.platform.trigger("single")
            (span,) = stage.wait_for_spans(1, run_id, within=30)
            stage.platform.wait_for_run("single", run_id, within=30)
            if round_number > 0:
                waits.append((span.began - asked) * 1000)
    median = statistics.median(waits)
    return [Figure(what="API trigger to first line of user code, median", value=median, unit="ms", budget=30)]


if __name__ == "__main__":
    run_alone("trigger", measure)

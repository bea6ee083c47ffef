"""A chain of 100 no-op tasks: the time from the end of one task's user code to the start of the next."""

from __future__ import annotations

import statistics
from itertools import pairwise

from benchmarks.figure import Figure, run_alone
from benchmarks.stage import chain_file, percentile, staged

LENGTH = 100
ROUNDS = 3


def measure() -> list[Figure]:
    """Return median and 99th percentile of the gaps of several runs, the first run left out as warm-up."""
    gaps: list[float] = []
    with staged({"chain.py": chain_file("chain", LENGTH)}) as stage:
        stage.activate("chain")
        for round_number in range(ROUNDS + 1):
            run_id = stage.platform.trigger("chain")
            spans = stage.wait_for_spans(LENGTH, run_id, within=120)
            if round_number > 0:
                gaps += [(after.began - before.ended) * 1000 for before, after in pairwise(spans)]
    return [
        Figure(
            what="chain of 100: gap between tasks, median", value=statistics.median(gaps), unit="ms", budget=3
        ),
        Figure(what="chain of 100: gap between tasks, p99", value=percentile(gaps, 99), unit="ms", budget=15),
    ]


if __name__ == "__main__":
    run_alone("chain", measure)

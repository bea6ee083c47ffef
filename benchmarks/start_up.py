"""How long ``etesian standalone`` takes to be healthy."""

from __future__ import annotations

import statistics
import time

from benchmarks.figure import Figure, run_alone
from benchmarks.stage import staged

ROUNDS = 5


def measure() -> list[Figure]:
    """Return the first start on an empty home, and the median of later starts."""
    seconds: list[float] = []
    with staged({}, start=False) as stage:
        for _ in range(ROUNDS + 1):
            began = time.perf_counter()
            stage.platform.start(healthy_within=60)
            seconds.append(time.perf_counter() - began)
            stage.platform.stop()
    first, *later = seconds
    return [
        Figure(what="standalone to healthy, new home", value=first, unit="s", budget=2),
        Figure(what="standalone to healthy, again", value=statistics.median(later), unit="s", budget=2),
    ]


if __name__ == "__main__":
    run_alone("start_up", measure)

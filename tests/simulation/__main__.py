"""Play scenarios by seed: ``python -m tests.simulation SEED [COUNT]``."""

from __future__ import annotations

import sys

from tests.simulation.scenario import play

if __name__ == "__main__":
    first = int(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    for seed in range(first, first + count):
        play(seed)
    print(f"{count} scenarios passed")

"""How fast this machine is just now. The budgets were set where a process of 50 MB forks and reaps 520 times a second.

Each task is a process of its own, so this is what the rates and the CPU time per task are to be compared with.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from typing import Final

from benchmarks.figure import Figure, run_alone

BATCHES: Final = 5

_FORK_AND_REAP: Final = """
import os, time
memory = bytearray(50 * 1024 * 1024)
memory[::4096] = bytes([1]) * len(memory[::4096])  # each page is really there
began = time.perf_counter()
for _ in range(200):
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
print(200 / (time.perf_counter() - began))
"""


def measure() -> list[Figure]:
    """Return how many processes that do nothing one process forks and reaps in a second."""
    rates = []
    for _ in range(BATCHES):
        done = subprocess.run(
            [sys.executable, "-c", _FORK_AND_REAP], capture_output=True, text=True, timeout=60, check=True
        )
        rates.append(float(done.stdout))
    what = "this machine: forks a second of a process of 50 MB (520 where the budgets were set)"
    return [Figure(what=what, value=statistics.median(rates), unit="/s", details={"rates": rates})]


if __name__ == "__main__":
    run_alone("machine", measure)

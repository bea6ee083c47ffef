"""What it takes to import the authoring names, and to get an answer from the command line."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.figure import Figure, run_alone
from tests.e2e.harness import COMMAND, make_environment

ROUNDS = 15


def measure() -> list[Figure]:
    """Return medians, each of fresh processes, with compiled bytecode."""
    bare = _median_milliseconds([sys.executable, "-c", "pass"])
    names = _median_milliseconds([sys.executable, "-c", "from etesian import DAG, task"])
    command_help = _median_milliseconds([str(COMMAND), "--help"])
    return [
        Figure(
            what="import etesian (DAG, task), above bare Python", value=names - bare, unit="ms", budget=100
        ),
        Figure(what="etesian --help", value=command_help, unit="ms", budget=150),
    ]


def _median_milliseconds(command: list[str]) -> float:
    taken: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        environment = make_environment(Path(folder), {})
        for _ in range(ROUNDS + 1):
            began = time.perf_counter()
            subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, timeout=60, check=True)
            taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken[1:])  # the first one may compile


if __name__ == "__main__":
    run_alone("import_time", measure)

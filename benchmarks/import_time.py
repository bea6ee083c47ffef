"""What it takes to import the authoring names, and to get an answer from the command line."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.figure import Figure, run_alone
from tests.e2e.harness import COMMAND, make_environment

ROUNDS = 15

_HOOK = "import etesian.compat.finder; etesian.compat.finder.install()\n"
_NAMES = (
    "from {0} import DAG\nfrom {0}.operators.python import PythonOperator\n"
    "from {0}.operators.bash import BashOperator"
)


def measure() -> list[Figure]:
    """Return medians, each of fresh processes, with compiled bytecode."""
    taken = _medians(
        bare=[sys.executable, "-c", "pass"],
        names=[sys.executable, "-c", "from etesian import DAG, task"],
        hooked=[sys.executable, "-c", _HOOK],
        airflow_names=[sys.executable, "-c", _HOOK + _NAMES.format("airflow")],
        native_names=[sys.executable, "-c", _NAMES.format("etesian")],
        command_help=[str(COMMAND), "--help"],
    )
    parsed = _parse_in_children()
    return [
        Figure(
            what="import etesian (DAG, task), above bare Python",
            value=taken["names"] - taken["bare"],
            unit="ms",
            budget=100,
        ),
        Figure(
            what="parse of a DAG file with DAG, PythonOperator, BashOperator from airflow",
            value=parsed["airflow"],
            unit="ms",
            budget=40,
        ),
        Figure(what="the same from etesian", value=parsed["etesian"], unit="ms"),
        Figure(
            what="these airflow names in a new process, above ours",
            value=taken["airflow_names"] - taken["native_names"],
            unit="ms",
        ),
        Figure(
            what="airflow hook in a process that imports no airflow",
            value=taken["hooked"] - taken["bare"],
            unit="ms",
            budget=5,
        ),
        Figure(what="etesian --help", value=taken["command_help"], unit="ms", budget=150),
    ]


def _parse_in_children() -> dict[str, float]:
    """Return the median time that a child of the parser takes for a DAG file, by the package it imports."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.parse_in_child", str(ROUNDS)]
        environment = make_environment(Path(folder), {})
        done = subprocess.run(command, env=environment, capture_output=True, timeout=120, check=True)
    return {name: statistics.median(times[1:]) for name, times in json.loads(done.stdout).items()}


def _medians(**commands: list[str]) -> dict[str, float]:
    """Return how many milliseconds each command takes, in turns, so that a machine that slows down is fair to all."""
    taken: dict[str, list[float]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as folder:
        environment = make_environment(Path(folder), {})
        for _ in range(ROUNDS + 1):
            for name, command in commands.items():
                began = time.perf_counter()
                subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, timeout=60, check=True)
                taken[name].append((time.perf_counter() - began) * 1000)
    return {name: statistics.median(times[1:]) for name, times in taken.items()}  # the first one may compile


if __name__ == "__main__":
    run_alone("import_time", measure)

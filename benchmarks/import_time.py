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
    bare = _median_milliseconds([sys.executable, "-c", "pass"])
    names = _median_milliseconds([sys.executable, "-c", "from etesian import DAG, task"])
    hooked = _median_milliseconds([sys.executable, "-c", _HOOK])
    airflow_names = _median_milliseconds([sys.executable, "-c", _HOOK + _NAMES.format("airflow")])
    native_names = _median_milliseconds([sys.executable, "-c", _NAMES.format("etesian")])
    parsed = _parse_in_children()
    command_help = _median_milliseconds([str(COMMAND), "--help"])
    return [
        Figure(
            what="import etesian (DAG, task), above bare Python", value=names - bare, unit="ms", budget=100
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
            value=airflow_names - native_names,
            unit="ms",
        ),
        Figure(
            what="airflow hook in a process that imports no airflow", value=hooked - bare, unit="ms", budget=5
        ),
        Figure(what="etesian --help", value=command_help, unit="ms", budget=150),
    ]


def _parse_in_children() -> dict[str, float]:
    """Return the median time that a child of the parser takes for a DAG file, by the package it imports."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.parse_in_child", str(ROUNDS)]
        environment = make_environment(Path(folder), {})
        done = subprocess.run(command, env=environment, capture_output=True, timeout=120, check=True)
    return {name: statistics.median(times[1:]) for name, times in json.loads(done.stdout).items()}


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

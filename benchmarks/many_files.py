"""1,000 DAG files: how soon all are known after the start, and how soon a changed one is live."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from benchmarks.figure import Figure, run_alone
from benchmarks.stage import Stage, chain_file, staged

FILES, TASKS = 1_000, 10
ROUNDS = 5


def measure() -> list[Figure]:
    """Return the time to know all files, and the median time until a change shows in the API."""
    files = {f"file_{number:04}.py": chain_file(f"dag_{number:04}", TASKS) for number in range(FILES)}
    with staged(files, start=False) as stage:
        began = time.perf_counter()
        stage.platform.start(healthy_within=60)
        stage.platform.wait_for(lambda: _count(stage) == FILES or None, "all DAGs", within=120, every=0.05)
        known = time.perf_counter() - began
        changed_file = stage.platform.home / "dags" / "file_0500.py"
        changes = [_change(stage, changed_file, f"change {number}") for number in range(ROUNDS)]
    return [
        Figure(what="1,000 files x 10 tasks known after start", value=known, unit="s", budget=8),
        Figure(what="a changed file is live, of 1,000", value=statistics.median(changes), unit="s", budget=1),
    ]


def _count(stage: Stage) -> int:
    return int(stage.platform.ask("GET", "/dags?limit=1")["total_entries"])


def _change(stage: Stage, file: Path, description: str) -> float:
    text = chain_file("dag_0500", TASKS)
    began = time.perf_counter()
    file.write_text(text.replace('"dag_0500",', f'"dag_0500", description="{description}",', 1))
    stage.platform.wait_for(
        lambda: stage.platform.ask("GET", "/dags/dag_0500")["description"] == description or None,
        "the change",
        within=60,
        every=0.01,
    )
    return time.perf_counter() - began


if __name__ == "__main__":
    run_alone("many_files", measure)

"""What the platform costs when nothing is to be done: 100 DAGs, none of them due."""

from __future__ import annotations

import time

from benchmarks.figure import Figure, run_alone
from benchmarks.stage import chain_file, cpu_seconds, pss_megabytes, staged

DAGS = 100
SETTLE_SECONDS, WATCH_SECONDS = 5, 30


def measure() -> list[Figure]:
    """Return CPU and memory over a while without work, after the start has settled."""
    dag_ids = [f"idle_{number:03}" for number in range(DAGS)]
    with staged({f"{dag_id}.py": chain_file(dag_id, 10) for dag_id in dag_ids}) as stage:
        stage.activate(*dag_ids)
        time.sleep(SETTLE_SECONDS)
        before = cpu_seconds(stage.platform.processes())
        time.sleep(WATCH_SECONDS)
        processes = stage.platform.processes()
        percent = (cpu_seconds(processes) - before) / WATCH_SECONDS * 100
        memory = pss_megabytes(processes)
    details = {"processes": len(processes)}
    return [
        Figure(what="idle, 100 DAGs: CPU of one core", value=percent, unit="%", budget=1, details=details),
        Figure(
            what="idle, 100 DAGs: PSS, all processes", value=memory, unit="MB", budget=200, details=details
        ),
    ]


if __name__ == "__main__":
    run_alone("idle", measure)

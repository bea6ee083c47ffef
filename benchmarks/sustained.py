"""50 DAGs x 10 runs x 10 tasks: throughput over 5,000 tasks, CPU per task, and peak memory."""

from __future__ import annotations

from benchmarks.figure import Figure, run_alone
from benchmarks.stage import PeakMemory, chain_file, cpu_by_name, cpu_seconds, staged

DAGS, RUNS, TASKS = 50, 10, 10
TOTAL = DAGS * RUNS * TASKS


def measure() -> list[Figure]:
    """Return rate, CPU and memory from the first trigger to the last task's end."""
    dag_ids = [f"load_{number:02}" for number in range(DAGS)]
    with staged({f"{dag_id}.py": chain_file(dag_id, TASKS) for dag_id in dag_ids}) as stage:
        stage.activate(*dag_ids)
        processes = stage.platform.processes()
        cpu_before = cpu_seconds(processes)
        with PeakMemory(stage.platform.processes) as peak:
            for _ in range(RUNS):
                for dag_id in dag_ids:
                    stage.platform.trigger(dag_id)
            spans = stage.wait_for_spans(TOTAL, within=300)
        processes = stage.platform.processes()
        cpu, by_name = cpu_seconds(processes) - cpu_before, cpu_by_name(processes)
    seconds = max(span.ended for span in spans) - spans[0].began
    what = f"{DAGS} DAGs x {RUNS} runs x {TASKS} tasks"
    return [
        Figure(what=f"{what}: tasks a second", value=TOTAL / seconds, unit="/s", budget=250, is_floor=True),
        Figure(
            what=f"{what}: CPU per task, all processes",
            value=cpu / TOTAL * 1000,
            unit="ms",
            budget=6,
            details={"cpu_seconds_since_start": by_name},
        ),
        Figure(what=f"{what}: peak PSS, all processes", value=peak.megabytes, unit="MB", budget=400),
    ]


if __name__ == "__main__":
    run_alone("sustained", measure)

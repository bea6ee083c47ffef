"""One task mapped over 10,000 items that another one returned: tasks a second, and what the scheduler needs."""

from __future__ import annotations

import os
from collections.abc import Sequence

import psutil

from benchmarks.figure import Figure, run_alone
from benchmarks.stage import PeakMemory, Stage, cpu_by_name, cpu_seconds, dag_file, staged

SIZE = int(os.environ.get("BENCH_MAPPED_SIZE", "10000"))  # 100,000 work too, and take their time
BODY = f"""
@task
def source():
    return list(range({SIZE}))

@task
def each(number, ti=None):
    note(ti, time.time())

each.expand(number=source())
"""


def measure() -> list[Figure]:
    """Return the rate from the first mapped task to the last, and the scheduler's greatest memory."""
    with staged({"mapped.py": dag_file("mapped", BODY)}, settings=_settings()) as stage:
        stage.activate("mapped", within=100)
        scheduler = stage.platform.service("scheduler")
        assert scheduler is not None, "the platform has a scheduler"
        before = cpu_seconds([scheduler])
        with PeakMemory(lambda: [scheduler], read=resident_megabytes) as peak:
            run_id = stage.platform.trigger("mapped")
            wait_for_notes(stage, SIZE, within=SIZE / 25)
            spans = stage.spans(run_id)
            stage.platform.wait_for(lambda: _has_ended(stage, run_id), "the end of the run", within=60)
        cpu = cpu_seconds([scheduler]) - before
        by_name = cpu_by_name(stage.platform.processes())
    seconds = max(span.ended for span in spans) - spans[0].began
    what = f"mapped over {SIZE:,} items"
    return [
        Figure(
            what=f"{what}: tasks a second",
            value=SIZE / seconds,
            unit="/s",
            budget=250,
            is_floor=True,
            details={"cpu_seconds_since_start": by_name},
        ),
        Figure(what=f"{what}: scheduler's peak RSS", value=peak.megabytes, unit="MB", budget=200),
        Figure(what=f"{what}: scheduler's CPU per task", value=cpu / SIZE * 1000, unit="ms"),
    ]


def _settings() -> dict[str, str]:
    return {"ETESIAN__CORE__MAX_MAP_LENGTH": str(max(SIZE, 100_000))}


def wait_for_notes(stage: Stage, count: int, *, within: float) -> None:
    """Wait until so many tasks have noted their end; counting lines is cheap, unlike reading them."""

    def enough() -> bool | None:
        return (stage.journal.exists() and stage.journal.read_bytes().count(b"\n") >= count) or None

    stage.platform.wait_for(enough, f"{count} tasks", within=within, every=0.5)


def _has_ended(stage: Stage, run_id: str) -> bool | None:
    state = stage.platform.ask("GET", f"/dags/mapped/dagRuns/{run_id}")["state"]
    assert state != "failed", "no task of this run fails"
    return state == "success" or None


def resident_megabytes(processes: Sequence[psutil.Process]) -> float:
    """Return the memory that processes hold, what they share with others included."""
    return sum(process.memory_info().rss for process in processes) / 1024 / 1024


if __name__ == "__main__":
    run_alone("mapped", measure)

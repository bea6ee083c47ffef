"""What the benchmarks of the whole platform share: DAG files of no-op tasks, and what processes use."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Final

import psutil

from tests.e2e.harness import Standalone, running_standalone

#: A task that does nothing but write down when its user code began and ended.
NO_OP: Final = """
import os
import time

from etesian import DAG, task

def note(ti, began):
    line = f"{ti.dag_id} {ti.task_id} {ti.run_id} {began:.6f} {time.time():.6f}\\n"
    journal = os.open(os.environ["BENCH_JOURNAL"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(journal, line.encode())

@task
def no_op(ti=None):
    note(ti, time.time())
"""


@dataclass(frozen=True, slots=True)
class Span:
    """One task's user code, by the clock."""

    dag_id: str
    task_id: str
    run_id: str
    began: float
    ended: float


@dataclass(slots=True)
class Stage:
    """A running platform, and the journal of its tasks."""

    platform: Standalone
    journal: Path

    def spans(self, run_id: str | None = None) -> list[Span]:
        """Return what tasks have noted, in order of their beginning."""
        if not self.journal.exists():
            return []
        whole_lines = self.journal.read_text().rpartition("\n")[0]  # the last one may be half written
        lines = (line.split() for line in whole_lines.splitlines())
        spans = [Span(dag, task, run, float(began), float(ended)) for dag, task, run, began, ended in lines]
        return sorted((span for span in spans if run_id in (None, span.run_id)), key=lambda span: span.began)

    def wait_for_spans(self, count: int, run_id: str | None = None, *, within: float) -> list[Span]:
        """Return the spans as soon as there are ``count``."""

        def enough() -> list[Span] | None:
            spans = self.spans(run_id)
            return spans if len(spans) >= count else None

        return self.platform.wait_for(enough, f"{count} tasks", within=within, every=0.05)

    def activate(self, *dag_ids: str, within: float = 60) -> None:
        """Wait until the DAGs are known, and unpause them."""
        for dag_id in dag_ids:
            self.platform.wait_for_dag(dag_id, within=within)
            self.platform.unpause(dag_id)


@contextmanager
def staged(
    dag_files: Mapping[str, str], *, settings: Mapping[str, str] | None = None, start: bool = True
) -> Iterator[Stage]:
    """Start a platform in a folder of its own with these DAG files; remove all of it afterwards."""
    with tempfile.TemporaryDirectory(prefix="etesian-bench-") as folder:
        home, journal = Path(folder) / "home", Path(folder) / "journal.txt"
        (home / "dags").mkdir(parents=True)
        for name, text in dag_files.items():
            (home / "dags" / name).write_text(text)
        all_settings = {"BENCH_JOURNAL": str(journal), **(settings or {})}
        with running_standalone(home, settings=all_settings, start=start) as platform:
            yield Stage(platform, journal)


def dag_file(dag_id: str, body: str) -> str:
    """Return a DAG file of no-op tasks; ``body`` wires them, inside the DAG's ``with`` block."""
    indented = "\n".join(f"    {line}" for line in body.strip().splitlines())
    opening = f'with DAG("{dag_id}", schedule=None, max_active_tasks=1000, max_active_runs=1000):'
    return f"{NO_OP}\n{opening}\n{indented}\n"


CHAIN_OF: Final = """
before = None
for position in range({length}):
    this = no_op.override(task_id=f"step_{{position}}")()
    if before is not None:
        before >> this
    before = this
"""


def chain_file(dag_id: str, length: int) -> str:
    """Return a DAG file of tasks one after the other."""
    return dag_file(dag_id, CHAIN_OF.format(length=length))


def cpu_seconds(processes: Sequence[psutil.Process]) -> float:
    """Return the CPU time that these processes and their reaped children have used."""
    total = 0.0
    for process in processes:
        try:
            total += sum(process.cpu_times()[:4])  # user, system, and both of reaped children
        except psutil.NoSuchProcess:
            continue
    return total


def cpu_by_name(processes: Sequence[psutil.Process]) -> dict[str, float]:
    """Return the CPU seconds of processes and their reaped children, added up by process name."""
    found: dict[str, float] = {}
    for process in processes:
        try:
            found[process.name()] = found.get(process.name(), 0.0) + cpu_seconds([process])
        except psutil.NoSuchProcess:
            continue
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def pss_megabytes(processes: Sequence[psutil.Process]) -> float:
    """Return the memory of these processes; what several share counts once, divided among them."""
    total = 0
    for process in processes:
        try:
            text = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
        except OSError:  # it has ended
            continue
        total += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return total / 1024


@dataclass(slots=True)
class PeakMemory:
    """Looks at the memory of processes now and then and keeps the greatest sum."""

    look: Callable[[], Sequence[psutil.Process]]
    read: Callable[[Sequence[psutil.Process]], float] = pss_megabytes
    every: float = 0.5
    megabytes: float = 0.0
    _stop: Event = field(default_factory=Event)

    def __enter__(self) -> PeakMemory:
        self._thread().start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()

    def _thread(self) -> Thread:
        return Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while not self._stop.wait(self.every):
            self.megabytes = max(self.megabytes, self.read(self.look()))


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the value below which ``percent`` of the values lie."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]

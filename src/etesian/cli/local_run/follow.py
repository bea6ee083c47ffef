"""Showing a local run: a line per finished try, what it printed, and a progress bar on a terminal."""

from __future__ import annotations

import select
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from etesian.cli.local_run.engine import Engine
from etesian.lifecycle.records import DagRunRecord, RunKey, TaskInstanceRecord
from etesian.lifecycle.state import TaskState
from etesian.store import Store
from etesian.store.bus import Bell
from etesian.store.queries import runs, task_instances
from etesian.telemetry.task_logs import iterate_log, log_path

#: Lines of a try's log that are shown; the rest is counted.
SHOWN_LINES = 20
_MARGIN = " " * 21 + "[dim]│[/] "
_MARKS = {
    TaskState.SUCCESS: "[green]ok[/]     ",
    TaskState.FAILED: "[red]failed[/] ",
    TaskState.SKIPPED: "[magenta]skipped[/]",
    TaskState.UPSTREAM_FAILED: "[yellow]blocked[/]",
    TaskState.UP_FOR_RETRY: "[yellow]retry[/]  ",
    TaskState.UP_FOR_RESCHEDULE: "[cyan]waits[/]  ",
    TaskState.DEFERRED: "[cyan]waits[/]  ",
    TaskState.REMOVED: "removed",
}


class Follower:
    """Watches one run in the store and prints what changes."""

    def __init__(self, store: Store, bell: Bell, logs_dir: Path, console: Console, key: RunKey) -> None:
        self._store = store
        self._bell = bell
        self._logs_dir = logs_dir
        self._console = console
        self._key = key
        self._shown: dict[tuple[str, int], tuple[TaskState, int]] = {}

    def follow(self, engine: Engine, task_count: int) -> DagRunRecord:
        """Print until the run has ended; return it.

        Raises:
            EngineError: the run cannot end, because a process of it did.
        """
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self._console, transient=True) as progress:
            bar = progress.add_task("running", total=task_count)
            while True:
                run, instances = self._look()
                self._print_changes(instances)
                done = sum(instance.state.is_final for instance in instances)
                progress.update(bar, completed=done, total=max(task_count, len(instances)))
                if run.state.is_final:
                    return run
                engine.check()
                if any(instance.state is TaskState.DEFERRED for instance in instances):
                    engine.start_triggerer()
                # A missed bell costs a quarter of a second, not the run.
                select.select([self._bell], [], [], 0.25)
                self._bell.drain()

    def _look(self) -> tuple[DagRunRecord, Sequence[TaskInstanceRecord]]:
        with self._store.read() as connection:
            run = runs.load_run(connection, self._key)
            return run, task_instances.load_task_instances_of_run(connection, self._key)

    def _print_changes(self, instances: Sequence[TaskInstanceRecord]) -> None:
        changed = [item for item in instances if item.state in _MARKS and self._is_news(item)]
        for instance in sorted(changed, key=_end_of):
            self._print(instance)

    def _is_news(self, instance: TaskInstanceRecord) -> bool:
        place, now = (instance.task_id, instance.map_index), (instance.state, instance.try_number)
        if self._shown.get(place) == now:
            return False
        self._shown[place] = now
        return True

    def _print(self, instance: TaskInstanceRecord) -> None:
        name = instance.task_id if instance.map_index < 0 else f"{instance.task_id}[{instance.map_index}]"
        time = f"{_seconds(instance):8.3f} s" if instance.started_at else " " * 10
        tries = f"  try {instance.try_number} of {instance.max_tries + 1}" if instance.max_tries else ""
        reason = f"  [dim]{escape(instance.reason)}[/]" if instance.reason else ""
        self._console.print(
            f"{_MARKS[instance.state]} {time}  [bold]{escape(name)}[/]{tries}{reason}", highlight=False
        )
        self._print_log(instance)

    def _print_log(self, instance: TaskInstanceRecord) -> None:
        if instance.try_number == 0:
            return
        path = log_path(self._logs_dir, *instance.key, instance.try_number)
        lines = [line for line in iterate_log(path) if line.s in ("stdout", "stderr", "process") or line.e]
        for line in lines[-SHOWN_LINES:]:
            text = f"{line.m}\n{line.e}" if line.e else line.m
            for part in text.rstrip().splitlines():
                self._console.print(f"{_MARGIN}{escape(part)}", highlight=False)
        if len(lines) > SHOWN_LINES:
            self._console.print(f"{_MARGIN}[dim]({len(lines) - SHOWN_LINES} lines before these)[/]")


def _end_of(instance: TaskInstanceRecord) -> float:
    return instance.ended_at.timestamp() if instance.ended_at else float("inf")


def _seconds(instance: TaskInstanceRecord) -> float:
    if instance.started_at is None or instance.ended_at is None:
        return 0.0
    return (instance.ended_at - instance.started_at).total_seconds()


def summarise(instances: Sequence[TaskInstanceRecord]) -> str:
    """Return how many task instances came to what, in words: ``4 success, 1 skipped``."""
    counts = Counter(instance.state.value for instance in instances)
    return ", ".join(f"{count} {state}" for state, count in counts.most_common())

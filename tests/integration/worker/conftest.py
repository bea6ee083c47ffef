"""A worker and a scheduler for each test, and the proof that nothing is left of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.integration.worker.harness import SchedulerUnderTest, WorkerUnderTest, wait_until

StartWorker = Callable[..., WorkerUnderTest]


@pytest.fixture
def start_worker(tmp_path: Path) -> Iterator[StartWorker]:
    """Start workers with settings and a DAG file; afterwards all of their processes must be gone."""
    workers: list[WorkerUnderTest] = []

    def start(dag: str = "", **settings: Any) -> WorkerUnderTest:
        worker = WorkerUnderTest(tmp_path / "home", **settings)
        workers.append(worker)
        worker.write_dag(dag)
        worker.start()
        return worker

    yield start
    for worker in workers:
        worker.stop()
        wait_until(partial(_is_gone, worker), f"the end of {worker.processes()}")


def _is_gone(worker: WorkerUnderTest) -> bool:
    return not worker.processes()


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[SchedulerUnderTest]:
    scheduler = SchedulerUnderTest(tmp_path / "home")
    yield scheduler
    scheduler.close()

"""Killing any process at any moment loses nothing, repeats nothing and leaves nothing behind.

Each test runs a DAG of 200 tasks on a real platform and kills processes of it with SIGKILL meanwhile. Set
``ETESIAN_FAULT_ROUNDS`` for more random rounds, and ``ETESIAN_FAULT_SEED`` to repeat one.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.e2e.harness import FINAL_RUN_STATES, Standalone, running_standalone

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ROUNDS = int(os.environ.get("ETESIAN_FAULT_ROUNDS", "2"))
SEED = int(os.environ.get("ETESIAN_FAULT_SEED", random.SystemRandom().randrange(1_000_000)))
SERVICES = ("scheduler", "worker", "parser", "api")
CHAINS, LENGTH = 20, 10

DAG_FILE = f"""
import os
import time
from datetime import timedelta

from etesian import DAG, task

def note(what, ti):
    line = f"{{what}} {{ti.task_id}} {{ti.try_number}}\\n"
    journal = os.open(os.environ["FAULT_JOURNAL"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(journal, line.encode())
    os.close(journal)

with DAG("survivor", schedule=None, max_active_tasks=200):

    @task(retries=50, retry_delay=timedelta(0))
    def step(ti=None):
        note("begin", ti)
        time.sleep(0.08)
        note("end", ti)

    for chain in range({CHAINS}):
        before = None
        for position in range({LENGTH}):
            this = step.override(task_id=f"chain_{{chain}}.step_{{position}}")()
            if before is not None:
                before >> this
            before = this
"""


class Journal:
    """What the tasks themselves wrote down when they began and ended."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def entries(self) -> list[tuple[str, str, int]]:
        if not self.path.exists():
            return []
        whole_lines = self.path.read_text().rpartition("\n")[0]  # the last one may be half written
        lines = (line.split() for line in whole_lines.splitlines())
        return [(what, task_id, int(try_number)) for what, task_id, try_number in lines]


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.txt")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def platform(request: pytest.FixtureRequest, tmp_path: Path, journal: Journal) -> Iterator[Standalone]:
    home = tmp_path / "home"
    (home / "dags").mkdir(parents=True)
    (home / "dags" / "survivor.py").write_text(DAG_FILE)
    settings = {"FAULT_JOURNAL": str(journal.path)}
    if request.param == "postgresql":
        settings["ETESIAN__DATABASE__URL"] = request.getfixturevalue("postgresql_url")
    with running_standalone(home, settings=settings) as platform:
        platform.wait_for_dag("survivor")
        platform.unpause("survivor")
        yield platform


def wait_for_progress(platform: Standalone, journal: Journal, tasks: int) -> None:
    def enough() -> bool | None:
        return len(journal.entries()) >= tasks or None

    platform.wait_for(enough, f"{tasks} lines in the tasks' journal", within=60, every=0.02)


def check_outcome(platform: Standalone, journal: Journal, run_id: str) -> None:
    """The run's end is right, in the store and in the world."""
    run = platform.wait_for_run("survivor", run_id, within=150)
    instances = platform.task_instances("survivor", run_id)
    entries = journal.entries()
    begun = Counter((task_id, number) for what, task_id, number in entries if what == "begin")
    ended = {(task_id, number) for what, task_id, number in entries if what == "end"}
    assert run["state"] == "success", platform.failure("the run failed")
    assert len(instances) == CHAINS * LENGTH
    assert {item["state"] for item in instances} == {"success"}
    assert [attempt for attempt, times in begun.items() if times > 1] == [], (
        "user code ran twice in one attempt"
    )
    for item in instances:
        assert (item["task_id"], item["try_number"]) in ended, (
            f"{item['task_id']} is a success that never ended"
        )


def kill(process: psutil.Process) -> None:
    """Kill -9; a process that has just gone by itself is no matter."""
    try:
        process.kill()
    except psutil.NoSuchProcess:
        pass


def kill_service(platform: Standalone, name: str) -> None:
    process = platform.service(name)
    if process is not None:
        kill(process)


def kill_attempt(platform: Standalone, chance: random.Random) -> None:
    """Kill one process below the worker: an attempt, a DAG host or a zygote."""
    worker = platform.service("worker")
    try:
        below = worker.children(recursive=True) if worker else []
    except psutil.NoSuchProcess:
        below = []
    if below:
        kill(chance.choice(below))


@pytest.mark.parametrize("name", SERVICES)
def test_a_run_survives_the_death_of_a_service(platform: Standalone, journal: Journal, name: str) -> None:
    run_id = platform.trigger("survivor")
    wait_for_progress(platform, journal, 60)
    kill_service(platform, name)
    check_outcome(platform, journal, run_id)


def test_a_run_survives_a_worker_that_hangs(tmp_path: Path, journal: Journal) -> None:
    home = tmp_path / "home"
    (home / "dags").mkdir(parents=True)
    (home / "dags" / "survivor.py").write_text(DAG_FILE)
    settings = {"FAULT_JOURNAL": str(journal.path), "ETESIAN__SCHEDULER__WORKER_TIMEOUT_SECONDS": "5"}
    with running_standalone(home, settings=settings) as platform:
        platform.wait_for_dag("survivor")
        platform.unpause("survivor")
        run_id = platform.trigger("survivor")
        wait_for_progress(platform, journal, 60)
        worker = platform.service("worker")
        assert worker is not None
        worker.suspend()
        check_outcome(platform, journal, run_id)
        assert platform.service("worker") != worker


def test_a_run_survives_the_death_of_the_supervisor_and_all_its_services(
    platform: Standalone, journal: Journal
) -> None:
    run_id = platform.trigger("survivor")
    wait_for_progress(platform, journal, 60)
    before = platform.processes()
    kill(before[0])
    psutil.wait_procs(before, timeout=60)
    platform.start()
    check_outcome(platform, journal, run_id)


@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_a_run_survives_kills_at_random_moments(
    platform: Standalone, journal: Journal, round_number: int
) -> None:
    print(f"repeat with ETESIAN_FAULT_SEED={SEED} ETESIAN_FAULT_ROUNDS={round_number + 1}")
    chance = random.Random(f"{SEED}/{round_number}")
    victims: list[Callable[[], None]] = [
        *(lambda name=name: kill_service(platform, name) for name in SERVICES),
        *(lambda: kill_attempt(platform, chance) for _ in SERVICES),  # as likely as all services together
    ]
    run_id = platform.trigger("survivor")
    for _ in range(10):
        time.sleep(chance.uniform(0.02, 0.6))
        chance.choice(victims)()
        if has_ended(platform, run_id):
            break
    check_outcome(platform, journal, run_id)


def has_ended(platform: Standalone, run_id: str) -> bool:
    answer = platform.wait_for(lambda: platform.run("survivor", run_id), "an answer of the API", within=30)
    return answer["state"] in FINAL_RUN_STATES

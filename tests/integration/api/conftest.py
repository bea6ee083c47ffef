"""An API over a real store with a few DAGs, runs and logs."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Thread

import httpx
import msgspec
import pytest
from fastapi import FastAPI

from etesian.api.app import create_app
from etesian.api.server import ApiServer
from etesian.config import Settings, load_settings
from etesian.lifecycle.records import TaskKey
from etesian.lifecycle.state import RunState, TaskState
from etesian.spec.dag import DagSpec, ParamSpec
from etesian.spec.schedule import CronIntervalSchedule
from etesian.spec.task import GroupSpec, TaskSpec
from etesian.store import Store, open_store
from etesian.store.bus import Bus, open_bus
from etesian.store.schema import migrate
from etesian.telemetry.task_logs import LogLine, encode_line, log_path
from etesian.ui.pages import page_routes
from tests.conformance.store.samples import DAY, HOUR, NOW, Scheduler, a_run, a_task, an_attempt, save_spec

ETL = DagSpec(
    dag_id="etl",
    file="etl.py",
    description="<b>loads</b>",
    schedule=CronIntervalSchedule(expression="0 0 * * *"),
    schedule_text="@daily",
    tags=("daily", "warehouse"),
    owners=("ann",),
    params={"day": ParamSpec(value="today", schema={"type": "string"})},
    groups=(GroupSpec(group_id="inner"),),
    tasks=(
        TaskSpec(task_id="extract", operator="BashOperator", retries=2, execution_timeout_seconds=90.0),
        TaskSpec(task_id="inner.transform", upstream=("extract",), group="inner"),
        TaskSpec(task_id="load", upstream=("inner.transform",)),
    ),
)
PAUSED = DagSpec(dag_id="paused_one", file="other.py", tasks=(TaskSpec(task_id="only"),))


class Explanation(msgspec.Struct, frozen=True):
    """What the scheduler's rules would say."""

    kind: str
    text: str


def explain(key: TaskKey) -> list[Explanation]:
    return [Explanation("upstream", f"{key.task_id} waits for 'extract'")]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({}, tmp_path)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a database with our tables, to be copied for each test."""
    home = tmp_path_factory.mktemp("template")
    store = open_store("", home=home)
    migrate(store)
    store.dispose()
    return home / "etesian.db"


@pytest.fixture
def store(settings: Settings, empty_database: Path) -> Iterator[Store]:
    shutil.copy(empty_database, settings.home)
    opened = open_store(settings.database.url.reveal(), home=settings.home)
    yield opened
    opened.dispose()


@pytest.fixture
def bus(store: Store) -> Iterator[Bus]:
    opened = open_bus(store)
    yield opened
    opened.close()


@pytest.fixture
def scheduler(store: Store, settings: Settings) -> Scheduler:
    """Fill the store as a scheduler and a worker would, and return the leader."""
    save_spec(store, ETL)
    save_spec(store, PAUSED)
    leader = Scheduler(store)
    leader.save(
        a_run(
            "r1",
            state=RunState.FAILED,
            run_after=NOW - DAY,
            logical_date=NOW - DAY,
            ended_at=NOW - DAY + HOUR,
        ),
        a_run("r2", run_after=NOW, logical_date=NOW),
        a_task("extract", run_id="r1", state=TaskState.SUCCESS),
        a_task("inner.transform", run_id="r1", state=TaskState.FAILED),
        a_task("load", run_id="r1", state=TaskState.UPSTREAM_FAILED),
    )
    running = msgspec.structs.replace(
        a_task("extract", run_id="r2", state=TaskState.RUNNING),
        try_number=2,
        attempt_id="a2",
        started_at=NOW,
        hostname="worker-1",
    )
    first_try = msgspec.structs.replace(
        an_attempt(task_id="extract"), run_id="r2", state=TaskState.UP_FOR_RETRY
    )
    leader.save(running, first_try, a_task("load", run_id="r2"))
    write_log(settings, "extract", 2, "first line", "second line")
    return leader


def write_log(settings: Settings, task_id: str, try_number: int, *messages: str) -> None:
    path = log_path(settings.logging.folder, "etl", "r2", task_id, -1, try_number)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as log:
        for message in messages:
            log.write(encode_line(LogLine(t="2030-01-01T12:00:00.000000Z", m=message, s="stdout")))


class StandingClock:
    """Says that it is the moment of the tests' sample values."""

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return time.monotonic()


@pytest.fixture
def app(settings: Settings, store: Store, bus: Bus, scheduler: Scheduler) -> FastAPI:
    return create_app(settings, store, bus, explain=explain, pages=page_routes(), clock=StandingClock())


@pytest.fixture
def server(app: FastAPI) -> Iterator[str]:
    """Serve the API on a free port and give its address."""
    with serving(app) as url:
        yield url


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = ApiServer(app)
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)
            assert not thread.is_alive(), "the server did not stop"


@pytest.fixture
def client(server: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server, timeout=10, verify=False) as client:  # no certificates to load
        yield client

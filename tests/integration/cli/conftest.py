"""The command on a real store with a few DAGs and runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from etesian.cli.main import run_command
from etesian.config import Settings, load_settings
from etesian.lifecycle.state import RunState, TaskState
from etesian.spec.dag import DagSpec
from etesian.spec.schedule import CronTriggerSchedule
from etesian.spec.task import TaskSpec
from etesian.store import Store, open_store
from etesian.store.schema import migrate
from etesian.telemetry.task_logs import LogLine, encode_line, log_path
from tests.conformance.store.samples import DAY, HOUR, NOW, Scheduler, a_run, a_task, save_spec

DAG_FILE = """
from etesian import DAG, task

with DAG("trial", schedule=None):

    @task
    def double(value=21):
        print("working")
        return value * 2

    @task
    def broken():
        raise ValueError("no luck")

    double() >> broken()
"""


class Result(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """What ``-o json`` printed."""
        return json.loads(self.out)


Run = Callable[..., Result]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("ETESIAN_HOME", str(tmp_path))
    return load_settings({}, tmp_path)


@pytest.fixture
def run(settings: Settings, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line in this process."""

    def run(*arguments: str) -> Result:
        code = run_command(arguments)
        captured = capsys.readouterr()
        assert "/etesian/cli/" not in captured.out + captured.err, "a traceback of the command itself"
        return Result(code, captured.out, captured.err)

    return run


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    opened = open_store("", home=settings.home)
    migrate(opened)
    yield opened
    opened.dispose()


@pytest.fixture
def scheduler(store: Store, settings: Settings) -> Scheduler:
    """Fill the store as a scheduler and a worker would, and return the leader."""
    etl = DagSpec(
        dag_id="etl",
        file="etl.py",
        schedule=CronTriggerSchedule(expressions=("0 6 * * *",)),
        schedule_text="0 6 * * *",
        tasks=(
            TaskSpec(task_id="extract", operator="BashOperator"),
            TaskSpec(task_id="load", upstream=("extract",), operator="PythonOperator"),
        ),
    )
    save_spec(store, etl)
    save_spec(store, DagSpec(dag_id="report", file="report.py", tasks=(TaskSpec(task_id="only"),)))
    leader = Scheduler(store)
    failed = msgspec.structs.replace(
        a_task("extract", run_id="r1", state=TaskState.FAILED), try_number=1, reason="ValueError: no luck"
    )
    leader.save(
        a_run(
            "r1",
            state=RunState.FAILED,
            run_after=NOW - DAY,
            logical_date=NOW - DAY,
            ended_at=NOW - DAY + HOUR,
        ),
        a_run("r2", run_after=NOW, logical_date=NOW),
        failed,
        a_task("load", run_id="r1", state=TaskState.UPSTREAM_FAILED),
        a_task("extract", run_id="r2"),
        a_task("load", run_id="r2"),
    )
    path = log_path(settings.logging.folder, "etl", "r1", "extract", -1, 1)
    path.parent.mkdir(parents=True)
    lines = [
        LogLine(t="2030-01-01T12:00:00.000000Z", m="working"),
        LogLine(t="2030-01-01T12:00:01.000000Z", m="no luck", l="error", e="Traceb...\nValueError: no luck"),
    ]
    path.write_bytes(b"".join(map(encode_line, lines)))
    return leader


@pytest.fixture
def dag_file(settings: Settings) -> Path:
    settings.core.dags_folder.mkdir(exist_ok=True)
    file = settings.core.dags_folder / "trial.py"
    file.write_text(DAG_FILE)
    return file

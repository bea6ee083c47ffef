from __future__ import annotations

import json

import httpx
import msgspec

from etesian.lifecycle.records import RunKey, TaskKey
from etesian.lifecycle.state import RunState, TaskState
from etesian.protocol.reports import XComValue
from etesian.spec.dag import DagSpec
from etesian.spec.task import TaskSpec
from etesian.store import Store
from etesian.store.batch import Batch
from etesian.store.bus import Bus
from etesian.store.queries.runs import load_run
from etesian.store.queries.versions import load_newest_spec
from tests.conformance.store.samples import NOW, Scheduler, a_run, a_task, save_spec

PATH = "/api/v2/dags/etl/dagRuns/r2/wait"


def end_run(store: Store, scheduler: Scheduler, bus: Bus) -> None:
    """Let run r2 succeed; its tasks have returned values."""
    with store.read() as connection:
        run = load_run(connection, RunKey("etl", "r2"))
    ended = msgspec.structs.replace(run, state=RunState.SUCCESS, ended_at=NOW)
    xcoms = [
        (TaskKey("etl", "r2", "extract"), XComValue(key="return_value", value=b'{"rows":3}')),
        (TaskKey("etl", "r2", "load", 0), XComValue(key="return_value", value=b"1")),
        (TaskKey("etl", "r2", "load", 1), XComValue(key="return_value", value=b"2")),
    ]
    scheduler.write(Batch(runs={run.key: ended}, xcoms=xcoms, now=NOW))
    bus.ring("changes")


def test_a_line_comes_at_once_and_the_last_one_when_the_run_has_ended_with_what_was_asked_for(
    client: httpx.Client, store: Store, scheduler: Scheduler, bus: Bus
) -> None:
    query = {"interval": 60, "result": ["extract", "load", "never"]}
    with client.stream("GET", PATH, params=query) as stream:
        lines = stream.iter_lines()
        first = json.loads(next(lines))
        end_run(store, scheduler, bus)
        last = json.loads(next(lines))
        assert list(lines) == []

    assert first == {"state": "running"}
    assert last == {"state": "success", "results": {"extract": {"rows": 3}, "load": [1, 2]}}


def test_a_dag_gives_its_own_result_when_no_task_is_named(
    client: httpx.Client, store: Store, scheduler: Scheduler
) -> None:
    tasks = (TaskSpec(task_id="work"), TaskSpec(task_id="answer", returns_dag_result=True))
    save_spec(store, DagSpec(dag_id="asked", file="asked.py", tasks=tasks))
    with store.read() as connection:
        stored = load_newest_spec(connection, "asked")
    assert stored is not None
    run = msgspec.structs.replace(
        a_run("done", dag_id="asked", state=RunState.SUCCESS), version_hash=stored.version_hash
    )
    scheduler.save(run, a_task("answer", run_id="done", dag_id="asked", state=TaskState.SUCCESS))
    value = XComValue(key="return_value", value=b"42")
    scheduler.write(Batch(xcoms=[(TaskKey("asked", "done", "answer"), value)]))

    (line,) = client.get("/api/v2/dags/asked/dagRuns/done/wait").text.splitlines()

    assert json.loads(line) == {"state": "success", "results": {"answer": 42}}


def test_a_run_that_does_not_exist_is_not_waited_for(client: httpx.Client) -> None:
    assert client.get("/api/v2/dags/etl/dagRuns/nope/wait").status_code == 404
    assert client.get(f"{PATH}?interval=0").status_code == 422

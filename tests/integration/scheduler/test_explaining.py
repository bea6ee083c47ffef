"""``why`` over a store: it knows what the scheduler knows, and asking costs little."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from etesian.lifecycle.records import TaskKey
from etesian.lifecycle.state import RunState, TaskState
from etesian.scheduler.core.settings import CoreSettings
from etesian.scheduler.shell.explaining import KEEP_FACTOR, Explainer
from etesian.spec.dag import DagSpec
from etesian.spec.task import TaskSpec
from etesian.store.errors import UnknownRunError
from etesian.store.queries.task_instances import UnknownTaskInstanceError
from tests.conformance.store.samples import DAY, NOW, Scheduler, a_run, a_task
from tests.integration.scheduler.conftest import Stage


@dataclass
class SlowClock:
    """A clock by which each look takes a second."""

    seconds: float = 0.0

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        self.seconds += 1
        return self.seconds


def explainer(stage: Stage, **settings: int) -> Explainer:
    return Explainer(stage.store, CoreSettings(**settings), SlowClock())


def in_line(dag_id: str) -> object:
    queued = a_task("a", dag_id=dag_id, state=TaskState.SCHEDULED)
    return msgspec.structs.replace(queued, scheduled_at=NOW, try_number=1)


def texts(explain: Callable[[TaskKey], list[object]], *key: str) -> list[str]:
    return [blocker.text for blocker in explain(TaskKey(*key))]  # type: ignore[attr-defined]  # a blocker


def test_a_task_in_line_is_told_who_holds_the_slots_in_other_dags(stage: Stage) -> None:
    for dag_id in ("one", "two"):
        stage.save_dag(DagSpec(dag_id=dag_id, file=f"{dag_id}.py", tasks=(TaskSpec(task_id="a"),)))
    holder = msgspec.structs.replace(
        a_task("a", dag_id="one", state=TaskState.RUNNING), attempt_id="x", executor="local", started_at=NOW
    )
    Scheduler(stage.store).save(a_run(dag_id="one"), holder, a_run(dag_id="two"), in_line("two"))  # type: ignore[arg-type]

    assert texts(explainer(stage, parallelism=1), "two", "r1", "a") == [
        "parallelism has 0 of 1 slots free; held by 'a'"
    ]


def test_what_the_run_before_came_to_is_looked_up(stage: Stage) -> None:
    stage.save_dag(DagSpec(dag_id="etl", file="e.py", tasks=(TaskSpec(task_id="a", depends_on_past=True),)))
    Scheduler(stage.store).save(
        a_run("r0", state=RunState.FAILED, logical_date=NOW - DAY, run_after=NOW - DAY),
        a_task("a", run_id="r0", state=TaskState.FAILED),
        a_run("r1", logical_date=NOW),
        a_task("a", run_id="r1"),
    )

    assert texts(explainer(stage), "etl", "r1", "a") == [
        "it depends on the run before: 'a' is failed in the run before, 'r0'"
    ]


def test_however_many_ask_the_store_is_read_now_and_then(stage: Stage) -> None:
    stage.save_dag(
        DagSpec(
            dag_id="etl", file="e.py", tasks=(TaskSpec(task_id="a"), TaskSpec(task_id="b", upstream=("a",)))
        )
    )
    running = msgspec.structs.replace(a_task("a", state=TaskState.RUNNING), attempt_id="x", executor="local")
    Scheduler(stage.store).save(a_run(), running, a_task("b"))
    explain = explainer(stage)

    asked = 3 * int(KEEP_FACTOR)
    answers = [texts(explain, "etl", "r1", "b") for _ in range(asked)]

    assert answers == [["upstream 'a' is running"]] * asked
    assert explain.loads <= 4  # by this clock each load and each question take a second


def test_a_run_or_task_that_does_not_exist_is_an_error(stage: Stage) -> None:
    stage.save_dag(DagSpec(dag_id="etl", file="e.py", tasks=(TaskSpec(task_id="a"),)))
    Scheduler(stage.store).save(a_run(), a_task("a"))

    with pytest.raises(UnknownRunError):
        explainer(stage)(TaskKey("etl", "r9", "a"))
    with pytest.raises(UnknownTaskInstanceError):
        explainer(stage)(TaskKey("etl", "r1", "z"))


def test_a_queued_run_says_which_runs_are_in_the_way(stage: Stage) -> None:
    spec = DagSpec(dag_id="etl", file="e.py", tasks=(TaskSpec(task_id="a"),), max_active_runs=1)
    stage.save_dag(spec)
    later = datetime(2029, 1, 2, tzinfo=UTC)
    Scheduler(stage.store).save(
        a_run(run_after=later - timedelta(days=1)),
        a_task("a"),
        a_run("r2", state=RunState.QUEUED, run_after=later),
        a_task("a", run_id="r2"),
    )

    assert texts(explainer(stage), "etl", "r2", "a") == [
        "the run is queued: 1 of 1 active runs are taken (r1)"
    ]

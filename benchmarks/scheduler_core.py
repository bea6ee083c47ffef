"""The scheduler core alone: events per second of CPU, and how soon the first task of a large DAG is dispatched."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from time import process_time
from tracemalloc import get_traced_memory, start, stop

from benchmarks.figure import Figure, run_alone
from etesian.lifecycle.records import DagRunRecord
from etesian.lifecycle.state import RunState, RunType
from etesian.protocol.reports import Claim, Finished, Succeeded, XComValue
from etesian.protocol.workloads import RunTask
from etesian.scheduler.core.core import Core
from etesian.scheduler.core.decisions import Decision, Dispatch
from etesian.scheduler.core.events import Event, PoolsSet, RunAdded, SpecUpdated
from etesian.scheduler.core.settings import CoreSettings
from etesian.spec.dag import DagSpec
from etesian.spec.task import MapSpec, TaskSpec, XComInput

NOW = datetime(2030, 1, 1, tzinfo=UTC)


class Driver:
    """Feeds a core and answers its dispatches at once, in batches as large as they come."""

    def __init__(self, specs: Sequence[DagSpec]) -> None:
        self.core = Core(CoreSettings(parallelism=64))
        self.now = NOW
        self.events = 0
        self.tasks = 0
        self.seconds = 0.0
        self.feed(PoolsSet(pools={"default_pool": (-1, False)}))
        for spec in specs:
            self.feed(SpecUpdated(spec=spec, version_hash="1", code_hash="1", bundle="dags", is_paused=False))

    def feed(self, *events: Event) -> list[RunTask]:
        """Apply a batch and return what was dispatched."""
        self.now += timedelta(milliseconds=1)
        begin = process_time()
        decisions: list[Decision] = []
        for event in events:
            decisions += self.core.apply(event, self.now)
        decisions += self.core.advance(self.now)
        self.seconds += process_time() - begin
        self.events += len(events)
        return [
            each.workload
            for each in decisions
            if isinstance(each, Dispatch) and isinstance(each.workload, RunTask)
        ]

    def trigger(self, dag_id: str, number: int) -> list[RunTask]:
        """Ask for a run."""
        run = DagRunRecord(
            dag_id=dag_id,
            run_id=f"manual__{number}",
            run_type=RunType.MANUAL,
            state=RunState.QUEUED,
            run_after=self.now,
            version_hash="1",
        )
        return self.feed(RunAdded(run=run))

    def drain(self, waiting: list[RunTask]) -> None:
        """Claim and finish everything until nothing is left."""
        while waiting:
            self.tasks += len(waiting)
            claims = [Claim(attempt_id=task.attempt_id, hostname="host", pid=1) for task in waiting]
            reports = [Finished(attempt_id=task.attempt_id, outcome=_outcome(task)) for task in waiting]
            waiting = [*self.feed(*claims), *self.feed(*reports)]


def _outcome(task: RunTask) -> Succeeded:
    if task.task_id != "list":
        return Succeeded()
    return Succeeded(xcoms=(XComValue(key="return_value", value=b"[]", length=10_000),))


def _chain(dag_id: str, length: int) -> DagSpec:
    tasks = tuple(
        TaskSpec(task_id=f"t{number}", upstream=(f"t{number - 1}",) if number else ())
        for number in range(length)
    )
    return DagSpec(dag_id=dag_id, file="f.py", tasks=tasks, max_active_runs=1000)


def _layers(dag_id: str, layers: int, width: int) -> DagSpec:
    """Every task has three upstream tasks in the layer above."""
    tasks = tuple(
        TaskSpec(
            task_id=f"t{layer}_{column}",
            upstream=tuple(sorted({f"t{layer - 1}_{(column + step) % width}" for step in range(3)}))
            if layer
            else (),
        )
        for layer in range(layers)
        for column in range(width)
    )
    return DagSpec(dag_id=dag_id, file="f.py", tasks=tasks, max_active_tasks=1000)


def _mapped(dag_id: str) -> DagSpec:
    tasks = (
        TaskSpec(task_id="list"),
        TaskSpec(
            task_id="work", upstream=("list",), mapped=MapSpec(inputs={"item": XComInput(task_ids=("list",))})
        ),
        TaskSpec(task_id="join", upstream=("work",)),
    )
    return DagSpec(dag_id=dag_id, file="f.py", tasks=tasks, max_active_tasks=1000)


def measure_events() -> dict[str, float]:
    """50 DAGs with 10 runs of 10 tasks each, as in the sustained load of the whole platform."""
    specs = [_chain(f"dag{number}", 10) for number in range(50)]
    driver = Driver(specs)
    waiting = [task for spec in specs for number in range(10) for task in driver.trigger(spec.dag_id, number)]
    driver.drain(waiting)
    return {"tasks": driver.tasks, "events_per_second": round(driver.events / driver.seconds)}


def measure_large_dag() -> dict[str, float]:
    """A DAG of 10,000 tasks in 100 layers."""
    driver = Driver([_layers("large", 100, 100)])
    driver.seconds = 0.0
    waiting = driver.trigger("large", 1)
    first_dispatch_seconds = driver.seconds
    driver.drain(waiting)
    return {
        "tasks": driver.tasks,
        "first_dispatch_seconds": round(first_dispatch_seconds, 4),
        "events_per_second": round(driver.events / driver.seconds),
    }


def measure_mapped() -> dict[str, float]:
    """One task mapped over 10,000 items."""
    start()
    driver = Driver([_mapped("mapped")])
    (first,) = driver.trigger("mapped", 1)
    driver.feed(Claim(attempt_id=first.attempt_id, hostname="host", pid=1))
    driver.seconds = 0.0
    waiting = driver.feed(Finished(attempt_id=first.attempt_id, outcome=_outcome(first)))
    expanded_bytes = get_traced_memory()[0]
    stop()
    expand_seconds, driver.seconds, driver.events = driver.seconds, 0.0, 0
    driver.drain(waiting)
    return {
        "tasks": driver.tasks,
        "expand_seconds_traced": round(expand_seconds, 4),
        "megabytes": round(expanded_bytes / 1e6, 1),
        "events_per_second": round(driver.events / driver.seconds),
    }


def measure() -> list[Figure]:
    """Return the rate under the sustained load, and what one large DAG and one mapped task take."""
    sustained, large, mapped = measure_events(), measure_large_dag(), measure_mapped()
    return [
        Figure(
            what="scheduler core: events a second",
            value=sustained["events_per_second"],
            unit="/s",
            budget=50_000,
            is_floor=True,
            details={"sustained": sustained, "large_dag": large, "mapped": mapped},
        ),
        Figure(
            what="scheduler core: first dispatch of a 10,000-task DAG",
            value=large["first_dispatch_seconds"] * 1000,
            unit="ms",
        ),
        Figure(what="scheduler core: memory of 10,000 mapped tasks", value=mapped["megabytes"], unit="MB"),
    ]


if __name__ == "__main__":
    run_alone("scheduler_core", measure)

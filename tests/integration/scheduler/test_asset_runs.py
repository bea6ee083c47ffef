"""Runs that assets cause, from the event to the run, through the store."""

from __future__ import annotations

from etesian.foundation.clock import utc_now
from etesian.lifecycle.records import DagRunRecord
from etesian.lifecycle.state import RunState, RunType
from etesian.protocol.commands import AssetsChanged, PauseChanged
from etesian.protocol.reports import AssetEventReport, Finished, Succeeded
from etesian.spec.asset import AssetAliasSpec, AssetAll, AssetCondition, AssetSpec
from etesian.spec.dag import DagSpec
from etesian.spec.partition import AssetPartitions
from etesian.spec.schedule import AssetSchedule
from etesian.spec.task import TaskSpec
from etesian.store.queries import assets
from etesian.store.queries.page import Paging
from etesian.store.queries.runs import RunFilter, find_runs
from tests.integration.scheduler.conftest import PlayedExecutor, Stage, eventually

ORDERS = AssetSpec(name="orders", uri="s3://orders")
PRICES = AssetSpec(name="prices", uri="s3://prices")
PRODUCER = DagSpec(dag_id="producer", file="p.py", tasks=(TaskSpec(task_id="make", outlets=(ORDERS,)),))


def consumer(condition: AssetCondition) -> DagSpec:
    """Return a DAG of one task that assets cause."""
    schedule = AssetSchedule(condition=condition)
    return DagSpec(dag_id="consumer", file="c.py", tasks=(TaskSpec(task_id="use"),), schedule=schedule)


def runs_of(stage: Stage, dag_id: str = "consumer") -> list[DagRunRecord]:
    """Return the stored runs, the oldest first."""
    with stage.store.read() as connection:
        return find_runs(connection, RunFilter(dag_ids=[dag_id]), Paging(order_by=("run_after",)))


def events_of(stage: Stage) -> list[assets.AssetEventRecord]:
    """Return the stored events, the oldest first."""
    with stage.store.read() as connection:
        return assets.find_events(connection, assets.AssetEventFilter(), Paging())


def emit(executor: PlayedExecutor, task_id: str, *events: AssetEventReport) -> None:
    """Claim a task's newest attempt and let it succeed with events."""
    attempt_id = executor.workload_of(task_id).attempt_id
    executor.claim(attempt_id)
    executor.say(Finished(attempt_id=attempt_id, outcome=Succeeded(asset_events=events)))


def test_a_task_s_asset_event_causes_a_run_that_knows_it(stage: Stage) -> None:
    executor = PlayedExecutor()
    stage.start_scheduler(executor)
    stage.save_dag(PRODUCER)
    stage.save_dag(consumer(ORDERS))
    stage.trigger("producer", "p1")

    emit(executor, "make", AssetEventReport(name="orders", uri="s3://orders", extra={"rows": 3}))

    (event,) = executor.workload_of("use").run.asset_events
    assert (event["name"], event["extra"], event["source_task_id"]) == ("orders", {"rows": 3}, "make")
    (run,) = runs_of(stage)
    assert (run.run_type, run.state, run.logical_date) == (
        RunType.ASSET_TRIGGERED,
        RunState.RUNNING,
        None,
    )
    (stored,) = events_of(stage)
    assert stored.consumers == (run.key,)
    assert stored.source == "task"


def test_events_from_outside_cause_a_run_when_all_assets_have_one(stage: Stage) -> None:
    executor = PlayedExecutor()
    stage.start_scheduler(executor)
    stage.save_dag(consumer(AssetAll(parts=(ORDERS, PRICES))))

    stage.send(AssetsChanged(events=(AssetEventReport(name="orders", uri="s3://orders"),)))
    eventually(lambda: events_of(stage))
    assert runs_of(stage) == []
    stage.send(AssetsChanged(events=(AssetEventReport(name="prices", uri="s3://prices"),), source="watcher"))

    names = [event["name"] for event in executor.workload_of("use").run.asset_events]
    assert names == ["orders", "prices"]
    assert [event.source for event in events_of(stage)] == ["api", "watcher"]


def test_an_event_through_an_alias_causes_a_run_of_the_alias_s_consumer(stage: Stage) -> None:
    executor = PlayedExecutor()
    stage.start_scheduler(executor)
    stage.save_dag(consumer(AssetAliasSpec(name="anything")))

    attached = AssetEventReport(name="orders", uri="s3://orders", alias="anything")
    stage.send(AssetsChanged(events=(attached,)))

    (event,) = executor.workload_of("use").run.asset_events
    assert event["aliases"] == ("anything",)


def test_events_while_a_dag_is_paused_cause_one_run_when_it_goes_on_though_the_leader_changed(
    stage: Stage,
) -> None:
    first, second = PlayedExecutor(), PlayedExecutor()
    stop = stage.start_scheduler(first, "first")
    stage.save_dag(consumer(ORDERS), is_paused=True)
    for _ in range(2):
        stage.send(AssetsChanged(events=(AssetEventReport(name="orders", uri="s3://orders"),)))
    eventually(lambda: len(events_of(stage)) == 2)
    stop.set()
    stage.threads[0][0].join(10)

    stage.start_scheduler(second, "second")
    stage.send(PauseChanged(dag_id="consumer", is_paused=False))

    assert len(second.workload_of("use").run.asset_events) == 2
    assert len(runs_of(stage)) == 1


def test_a_new_leader_still_knows_what_caused_a_run(stage: Stage) -> None:
    first, second = PlayedExecutor(), PlayedExecutor()
    stop = stage.start_scheduler(first, "first")
    chained = consumer(ORDERS)
    two = (TaskSpec(task_id="use"), TaskSpec(task_id="then", upstream=("use",)))
    stage.save_dag(DagSpec(dag_id="consumer", file="c.py", tasks=two, schedule=chained.schedule))
    stage.send(AssetsChanged(events=(AssetEventReport(name="orders", uri="s3://orders"),)))
    attempt_id = first.workload_of("use").attempt_id
    first.claim(attempt_id)
    stop.set()
    stage.threads[0][0].join(10)

    stage.start_scheduler(second, "second")
    second.claim(attempt_id)
    second.succeed(attempt_id)

    assert [event["name"] for event in second.workload_of("then").run.asset_events] == ["orders"]


def test_no_event_is_used_twice(stage: Stage) -> None:
    executor = PlayedExecutor()
    stage.start_scheduler(executor)
    stage.save_dag(consumer(ORDERS))
    for number in range(3):
        event = AssetEventReport(name="orders", uri="s3://orders", extra={"number": number})
        stage.send(AssetsChanged(events=(event,)))

    eventually(lambda: all(event.consumers for event in events_of(stage)) and len(events_of(stage)) == 3)

    assert all(len(event.consumers) == 1 for event in events_of(stage))
    assert utc_now() > max(run.run_after for run in runs_of(stage))


def test_a_partition_runs_once_though_the_leader_changes(stage: Stage) -> None:
    first, second = PlayedExecutor(), PlayedExecutor()
    condition = AssetAll(parts=(ORDERS, PRICES))
    schedule = AssetSchedule(condition=condition, partitions=AssetPartitions())
    spec = DagSpec(dag_id="consumer", file="c.py", tasks=(TaskSpec(task_id="use"),), schedule=schedule)
    stop = stage.start_scheduler(first, "first")
    stage.save_dag(spec)

    def update(name: str, key: str) -> None:
        report = AssetEventReport(name=name, uri=f"s3://{name}", partition_key=key)
        stage.send(AssetsChanged(events=(report,)))

    update("orders", "eu")
    update("orders", "us")
    update("prices", "eu")
    assert first.workload_of("use").run.partition_key == "eu"
    stop.set()
    stage.threads[0][0].join(10)

    stage.start_scheduler(second, "second")
    update("prices", "us")
    eventually(lambda: len(runs_of(stage)) == 2)
    assert [run.partition_key for run in runs_of(stage)] == ["eu", "us"]

"""Runs that asset events cause. Events are rows of the store; here is known which of them a DAG has not used yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from etesian.lifecycle.records import DagRunRecord, TaskKey
from etesian.lifecycle.state import RunState, RunType
from etesian.protocol.commands import AssetsChanged
from etesian.protocol.reports import AssetEventReport
from etesian.scheduler.core.decisions import AskAssetEvents, ConsumeAssetEvents, RecordAssetEvents
from etesian.scheduler.core.events import AssetEventsKnown, PendingAssetEvent
from etesian.scheduler.core.memory import Dag, Memory
from etesian.scheduler.core.partitions import PendingPartitions, is_of
from etesian.scheduler.core.runs import add_new_run
from etesian.spec.asset import AssetAll, AssetAny, AssetCondition
from etesian.spec.schedule import AssetOrTimeSchedule, AssetSchedule, partitions_of


def condition_of(dag: Dag) -> AssetCondition | None:
    """Return what must have been updated for a run of the DAG; None if assets do not cause its runs."""
    schedule = dag.graph.spec.schedule if dag.graph is not None else None
    return schedule.condition if isinstance(schedule, AssetSchedule | AssetOrTimeSchedule) else None


def record_events(
    memory: Memory, source: TaskKey | None, events: Sequence[AssetEventReport], origin: str
) -> None:
    """Store asset events, and ask which DAGs' events that makes."""
    events = tuple(_of_partition(memory, source, event) for event in events)
    memory.decide(RecordAssetEvents(source=source, events=events, origin=origin))
    dag_ids = [dag.dag_id for dag in memory.dags.values() if _concerns(condition_of(dag), events)]
    if dag_ids:
        memory.decide(AskAssetEvents(dag_ids=tuple(dag_ids)))


def _of_partition(memory: Memory, source: TaskKey | None, event: AssetEventReport) -> AssetEventReport:
    """Let an event be about the partition that the run of its task is about, unless it says another one."""
    run = memory.runs.get(source.run_key) if source is not None else None
    if event.partition_key is not None or run is None or run.record.partition_key is None:
        return event
    return msgspec.structs.replace(event, partition_key=run.record.partition_key)


def change_assets(memory: Memory, command: AssetsChanged) -> None:
    """Take events that no task emitted."""
    record_events(memory, None, command.events, command.source)


def ask_events(memory: Memory, dag: Dag) -> None:
    """Ask for the events that a DAG has not used yet: it is new here, or its schedule is."""
    if condition_of(dag) is not None:
        memory.decide(AskAssetEvents(dag_ids=(dag.dag_id,)))


def learn_events(memory: Memory, event: AssetEventsKnown) -> None:
    """Take the answer of the store. Events used meanwhile are passed over."""
    dag = memory.dags.get(event.dag_id)
    if dag is None:
        return
    if dag.graph is not None and partitions_of(dag.graph.spec.schedule) is not None:
        dag.pending_events = list(event.events)
    else:
        dag.pending_events = [each for each in event.events if each.event_id > dag.newest_event_id]
    memory.touch_dag(dag)


def create_asset_run(memory: Memory, dag: Dag, now: datetime) -> None:
    """Create a run when the DAG's condition holds; it uses all events up to now, in order.

    Events that come while the DAG is paused are kept, and cause one run when it goes on.
    """
    condition = condition_of(dag)
    if condition is None or dag.graph is None or not dag.is_open or not dag.pending_events:
        return
    if not dag.graph.allows(RunType.ASSET_TRIGGERED):
        return
    partitions = partitions_of(dag.graph.spec.schedule)
    if partitions is not None:
        pending = PendingPartitions(condition, partitions, dag.pending_events)
        for number, (key, used) in enumerate(pending.complete()):
            _create_run(memory, dag, used, now, f"_{number}", partition_key=key)
        dag.pending_events = pending.rest()
    elif _holds(condition, dag.pending_events):
        used, dag.pending_events = dag.pending_events, []
        dag.newest_event_id = max(each.event_id for each in used)
        _create_run(memory, dag, used, now)


def _create_run(
    memory: Memory,
    dag: Dag,
    used: Sequence[PendingAssetEvent],
    now: datetime,
    suffix: str = "",
    *,
    partition_key: str | None = None,
) -> None:
    if dag.graph is None:
        return
    # The number of the newest event keeps runs apart that are made at one moment; a suffix those of one event.
    newest = max(each.event_id for each in used)
    record = DagRunRecord(
        dag_id=dag.dag_id,
        run_id=f"{RunType.ASSET_TRIGGERED.value}__{now.isoformat()}_{newest}{suffix}",
        run_type=RunType.ASSET_TRIGGERED,
        state=RunState.QUEUED,
        run_after=now,
        version_hash=dag.graph.version_hash,
        queued_at=now,
        triggered_by="asset",
        partition_key=partition_key,
    )
    run = add_new_run(memory, dag, record, now)
    run.asset_events = tuple(msgspec.to_builtins(each.item) for each in used)
    memory.decide(ConsumeAssetEvents(run_key=run.key, event_ids=tuple(each.event_id for each in used)))


def _holds(condition: AssetCondition, events: Sequence[PendingAssetEvent]) -> bool:
    match condition:
        case AssetAll(parts=parts):
            return all(_holds(part, events) for part in parts)
        case AssetAny(parts=parts):
            return any(_holds(part, events) for part in parts)
        case _:
            return any(is_of(condition, each.item.name, each.item.uri, each.item.aliases) for each in events)


def _concerns(condition: AssetCondition | None, events: Iterable[AssetEventReport]) -> bool:
    match condition:
        case None:
            return False
        case AssetAll(parts=parts) | AssetAny(parts=parts):
            return any(_concerns(part, events) for part in parts)
        case _:
            return any(is_of(condition, it.name, it.uri, (it.alias,) if it.alias else ()) for it in events)

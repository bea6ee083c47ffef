"""From rows to the events that carry them: what the core is told of a DAG, a run or the pools."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import Connection

from etesian.lifecycle.backfills import ExistingRun
from etesian.lifecycle.records import DagRunRecord, RunKey, TaskInstanceRecord
from etesian.lifecycle.state import RunType
from etesian.protocol.commands import CreateBackfill, TaskSelection
from etesian.protocol.requests import AssetEventItem
from etesian.scheduler.core.deadlines import runtimes_wanted
from etesian.scheduler.core.events import (
    AssetEventsKnown,
    BackfillLoaded,
    PendingAssetEvent,
    PoolsSet,
    RunLoaded,
    SpecUpdated,
)
from etesian.spec.schedule import SchedulePoint, partitions_of
from etesian.store.queries import assets, backfills, dags, pools, runs, task_instances, versions, xcoms
from etesian.store.queries.page import Paging
from etesian.store.queries.patterns import Between
from etesian.store.queries.versions import StoredSpec

logger = logging.getLogger(__name__)

#: Runs that one clear or mark may touch; more are asked for in parts.
MAX_SELECTED_RUNS: Final = 10_000


def load_pools(connection: Connection) -> PoolsSet:
    """Return all pools as the core wants them."""
    found = pools.load_pools(connection)
    return PoolsSet(pools={pool.name: (pool.slots, pool.includes_deferred) for pool in found})


def load_dag(connection: Connection, dag_id: str) -> SpecUpdated | None:
    """Return one DAG's version in force; None when the DAG is not known or its file is gone."""
    record = dags.load_dag(connection, dag_id)
    stored = versions.load_newest_spec(connection, dag_id)
    if stored is None or not record.is_active:
        return None
    point = runs.load_newest_points(connection, [dag_id]).get(dag_id)
    return _spec_updated(connection, stored, record.is_paused, point)


def load_dags(connection: Connection) -> Iterator[SpecUpdated]:
    """Yield the versions in force of all active DAGs."""
    paused = dags.load_paused_dag_ids(connection)
    points = runs.load_newest_points(connection)
    for stored in versions.load_active_specs(connection):
        dag_id = stored.spec.dag_id
        yield _spec_updated(connection, stored, dag_id in paused, points.get(dag_id))


def _spec_updated(
    connection: Connection, stored: StoredSpec, is_paused: bool, newest_point: SchedulePoint | None
) -> SpecUpdated:
    limit = stored.spec.max_consecutive_failed_runs
    dag_id = stored.spec.dag_id
    failed = runs.count_failed_in_a_row(connection, dag_id, limit=limit) if limit else 0
    wanted = runtimes_wanted(stored.spec)
    return SpecUpdated(
        spec=stored.spec,
        version_hash=stored.version_hash,
        code_hash=stored.code_hash,
        bundle=stored.bundle,
        bundle_version=stored.bundle_version,
        is_paused=is_paused,
        newest_point=newest_point,
        taken_dates=runs.load_taken_dates(connection, dag_id, newest_point),
        failed_in_a_row=failed,
        runtimes=tuple(runs.load_runtimes(connection, dag_id, limit=wanted)) if wanted else (),
    )


def load_run(connection: Connection, key: RunKey) -> RunLoaded:
    """Return one run with its task instances and the version it runs."""
    run = runs.load_run(connection, key)
    instances = task_instances.load_task_instances_of_run(connection, key)
    return _run_loaded(connection, run, _version_of(connection, run), instances)


def load_unfinished_runs(connection: Connection, dag_id: str | None = None) -> Iterator[RunLoaded]:
    """Yield all runs that a new leader must know, of all DAGs or of one, the oldest first.

    A run of a DAG without any version left cannot go on, and must not keep all others from it.
    """
    instances = task_instances.load_unfinished_task_instances(connection, dag_id)
    known: dict[tuple[str, str], StoredSpec] = {}  # many runs of one version share one spec
    for run in runs.load_unfinished_runs(connection, dag_id):
        version = (run.dag_id, run.version_hash)
        if version not in known:
            try:
                known[version] = _version_of(connection, run)
            except versions.UnknownVersionError as error:
                logger.error("run %s is left as it is: %s", run.key, error)
                continue
        yield _run_loaded(connection, run, known[version], instances.get(run.key, []))


def _version_of(connection: Connection, run: DagRunRecord) -> StoredSpec:
    """Return a run's version; if that was deleted, the one in force: the run must come to an end."""
    try:
        return versions.load_spec(connection, run.dag_id, run.version_hash)
    except versions.UnknownVersionError:
        stored = versions.load_newest_spec(connection, run.dag_id)
        if stored is None:
            raise
        logger.warning("run %s has a version that is gone; it goes on with the newest one", run.key)
        return stored


def _run_loaded(
    connection: Connection, run: DagRunRecord, stored: StoredSpec, instances: Sequence[TaskInstanceRecord]
) -> RunLoaded:
    has_mapped = any(task.mapped for task in stored.spec.tasks) or any(
        group.mapped for group in stored.spec.groups
    )
    return RunLoaded(
        run=run,
        spec=stored.spec,
        code_hash=stored.code_hash,
        bundle=stored.bundle,
        bundle_version=stored.bundle_version,
        task_instances=tuple(instances),
        xcom_lengths=xcoms.load_lengths(connection, run.key) if has_mapped else {},
        asset_events=_asset_events_of(connection, run),
    )


def _asset_events_of(connection: Connection, run: DagRunRecord) -> tuple[AssetEventItem, ...]:
    if run.run_type is not RunType.ASSET_TRIGGERED:
        return ()
    return tuple(event.to_item() for event in assets.load_events_of_run(connection, run.key))


def load_asset_events(connection: Connection, dag_id: str) -> AssetEventsKnown:
    """Return the asset events that a DAG has not used yet."""
    stored = versions.load_newest_spec(connection, dag_id)
    aliases = assets.scheduling_aliases(stored.spec) if stored is not None else ()
    if stored is not None and partitions_of(stored.spec.schedule) is not None:
        return AssetEventsKnown(
            dag_id=dag_id,
            events=tuple(
                PendingAssetEvent(event_id=event.id, item=event.to_item(), used_for=used_for)
                for event, used_for in assets.load_partition_events(connection, dag_id, aliases=aliases)
            ),
        )
    found = assets.load_unconsumed_events(connection, dag_id, aliases=aliases)
    return AssetEventsKnown(
        dag_id=dag_id,
        events=tuple(PendingAssetEvent(event_id=event.id, item=event.to_item()) for event in found),
    )


def load_new_backfill(connection: Connection, command: CreateBackfill) -> BackfillLoaded:
    """Return a backfill that was just created, with the runs that it finds."""
    return BackfillLoaded(backfill=command, existing=_existing_runs(connection, command))


def load_backfills(connection: Connection, dag_ids: Sequence[str] | None = None) -> Iterator[BackfillLoaded]:
    """Yield the backfills that are not completed, the oldest first."""
    for record in backfills.load_open_backfills(connection, dag_ids):
        command = record.to_command()
        yield BackfillLoaded(
            backfill=command, is_paused=record.is_paused, existing=_existing_runs(connection, command)
        )


def _existing_runs(connection: Connection, command: CreateBackfill) -> tuple[ExistingRun, ...]:
    dates = (command.from_date, command.to_date)
    return tuple(backfills.load_existing_runs(connection, command.dag_id, *dates))


def find_selected_runs(connection: Connection, selection: TaskSelection) -> list[RunKey]:
    """Return the runs that a clear or a mark is about: those named, with earlier or later ones if asked."""
    named = [runs.load_run(connection, RunKey(selection.dag_id, run_id)) for run_id in selection.run_ids]
    dates = [run.logical_date for run in named if run.logical_date is not None]
    found = {run.key: None for run in named}
    if dates and (selection.past or selection.future):
        earliest = None if selection.past else min(dates)
        latest = None if selection.future else max(dates)
        wanted = runs.RunFilter(
            dag_ids=[selection.dag_id], logical_date=Between(since=earliest, until=latest)
        )
        others = runs.list_runs(connection, wanted, Paging(limit=MAX_SELECTED_RUNS)).items
        found |= {run.key: None for run in others}
    return list(found)

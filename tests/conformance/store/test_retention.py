"""Forgetting old history."""

from __future__ import annotations

import msgspec
from sqlalchemy import func, insert, select

from etesian.lifecycle.state import RunState, TaskState
from etesian.protocol.reports import AssetEventReport, XComValue
from etesian.spec.codec import compute_hash
from etesian.store import Store
from etesian.store.batch import Batch
from etesian.store.queries import audit, retention, runs, versions
from etesian.store.queries.audit import AuditEntry
from etesian.store.queries.page import Paging
from etesian.store.tables import audit_log_table, inbox_table, task_instances_table, xcoms_table
from tests.conformance.store.samples import (
    DAY,
    NOW,
    Recorded,
    Scheduler,
    a_run,
    a_spec,
    a_task,
    key_of,
    save_spec,
)

OLD = NOW - 100 * DAY
LIMIT = NOW - 50 * DAY


def clean(store: Store, *, dry_run: bool = False) -> dict[str, int]:
    return {table.name: table.rows for table in retention.clean(store, LIMIT, dry_run=dry_run) if table.rows}


def test_ended_runs_go_with_all_they_have_and_others_stay(store: Store) -> None:
    save_spec(store, a_spec())
    scheduler = Scheduler(store)
    scheduler.save(
        a_run("old", state=RunState.SUCCESS, ended_at=OLD),
        a_run("new", state=RunState.SUCCESS, ended_at=NOW),
        a_run("running"),
        a_run("cleared", ended_at=OLD),
        a_run("a task still runs", state=RunState.FAILED, ended_at=OLD),
        a_task(run_id="old", state=TaskState.SUCCESS),
        a_task(run_id="new", state=TaskState.SUCCESS),
        a_task(run_id="a task still runs", state=TaskState.RUNNING),
    )
    scheduler.write(Batch(xcoms=[(key_of(run_id="old"), XComValue(key="k", value=b"1"))]))
    assert clean(store, dry_run=True) == {"dag_runs": 1}
    assert clean(store) == {"dag_runs": 1}
    assert clean(store) == {}
    with store.read() as connection:
        found = runs.find_runs(connection, runs.RunFilter(), Paging())
        assert [run.run_id for run in found] == ["new", "running", "cleared", "a task still runs"]
        assert connection.execute(select(func.count()).select_from(task_instances_table)).scalar() == 2
        assert connection.execute(select(func.count()).select_from(xcoms_table)).scalar() == 0


def test_more_runs_than_one_transaction_takes_go_too(store: Store) -> None:
    save_spec(store, a_spec())
    count = retention.RUNS_AT_ONCE * 2 + 1
    Scheduler(store).save(*(a_run(f"r{n}", state=RunState.FAILED, ended_at=OLD) for n in range(count)))
    assert clean(store) == {"dag_runs": count}


def test_versions_go_when_nothing_needs_them(store: Store) -> None:
    specs = [a_spec(tasks=number) for number in (1, 2, 3)]
    for spec in specs:
        save_spec(store, spec)
    run = a_run(state=RunState.SUCCESS, ended_at=NOW)
    scheduler = Scheduler(store)
    scheduler.save(msgspec.structs.replace(run, version_hash=compute_hash(specs[0])))
    with store.read() as connection:
        assert len(versions.list_versions(connection, "etl")) == 3
    kept = {table.name: table.rows for table in retention.clean(store, NOW, dry_run=True)}
    assert kept["dag_versions"] == 0
    removed = {table.name: table.rows for table in retention.clean(store, NOW + DAY) if table.rows}
    assert removed == {"dag_runs": 1, "dag_versions": 2}
    with store.read() as connection:
        assert [version.number for version in versions.list_versions(connection, "etl")] == [3]


def test_entries_events_and_rejected_commands_go(store: Store) -> None:
    with store.write() as connection:
        for at in (OLD, NOW):
            audit.add_audit_entry(connection, AuditEntry(at=at, action="a"))
            connection.execute(insert(inbox_table).values(command="?", error="e", created_at=at))
    scheduler = Scheduler(store)
    for at in (OLD, NOW):
        scheduler.write(Batch(now=at, asset_events=[Recorded((AssetEventReport(uri="s3://a"),))]))
    assert clean(store) == {"asset_events": 1, "audit_log": 1, "inbox": 1}
    with store.read() as connection:
        assert connection.execute(select(audit_log_table.c.at)).scalars().all() == [NOW]


def test_a_command_that_waits_is_never_old(store: Store) -> None:
    with store.write() as connection:
        connection.execute(insert(inbox_table).values(command="{}", created_at=OLD))
    assert clean(store) == {}

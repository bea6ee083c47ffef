"""What is asked often is answered from an index, so that it costs the same however long the history is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from etesian.lifecycle.state import RunState, TaskState
from etesian.protocol.requests import GetXCom
from etesian.store import Store, open_store
from etesian.store.queries import (
    assets,
    attempts,
    audit,
    inbox,
    rendered_fields,
    runs,
    task_instances,
    versions,
    xcoms,
)
from etesian.store.queries.page import Paging
from etesian.store.queries.patterns import Between
from etesian.store.queries.runs import RunFilter
from etesian.store.queries.task_instances import TaskInstanceFilter
from etesian.store.schema import migrate
from tests.conformance.store.samples import (
    NOW,
    RUN_KEY,
    Scheduler,
    a_run,
    a_spec,
    a_task,
    key_of,
    save_spec,
)

#: Tables that grow with history.
HISTORY = (
    "dag_runs",
    "task_instances",
    "attempts",
    "xcoms",
    "rendered_fields",
    "asset_events",
    "audit_log",
    "inbox",
)

Query = Callable[[Connection], object]
NEWEST = Paging(limit=50, order_by=["-run_after"])
QUERIES: dict[str, Query] = {
    "one run": lambda c: runs.load_run(c, RUN_KEY),
    "whether a run exists": lambda c: runs.has_run(c, RUN_KEY),
    "a leader's runs": runs.load_unfinished_runs,
    "a leader's task instances": task_instances.load_unfinished_task_instances,
    "all newest points": runs.load_newest_points,
    "one newest point": lambda c: runs.load_newest_points(c, ["etl"]),
    "failed in a row": lambda c: runs.count_failed_in_a_row(c, "etl", limit=5),
    "the run before": lambda c: runs.load_previous_run(c, "etl", NOW),
    "the newest runs of DAGs": lambda c: runs.load_newest_runs(c, ["etl"], limit=10),
    "the newest runs": lambda c: runs.find_runs(c, RunFilter(), NEWEST),
    "a DAG's newest runs": lambda c: runs.find_runs(c, RunFilter(dag_ids=["etl"]), NEWEST),
    "a DAG's runs by date": lambda c: runs.find_runs(
        c, RunFilter(dag_ids=["etl"]), Paging(order_by=["-logical_date"])
    ),
    "a DAG's runs of dates": lambda c: runs.find_runs(
        c, RunFilter(dag_ids=["etl"], logical_dates=[NOW]), NEWEST
    ),
    "running runs": lambda c: runs.list_runs(c, RunFilter(states=[RunState.RUNNING]), Paging()),
    "failed runs": lambda c: runs.find_runs(c, RunFilter(states=[RunState.FAILED]), NEWEST),
    "recently ended runs": lambda c: runs.find_runs(
        c, RunFilter(ended_at=Between(since=NOW)), Paging(order_by=["-ended_at"])
    ),
    "one task instance": lambda c: task_instances.load_task_instance(c, key_of()),
    "a run's task instances": lambda c: task_instances.load_task_instances_of_run(c, RUN_KEY),
    "running task instances": lambda c: task_instances.list_task_instances(
        c, TaskInstanceFilter(states=[TaskState.RUNNING]), Paging()
    ),
    "failed task instances": lambda c: task_instances.find_task_instances(
        c, TaskInstanceFilter(states=[TaskState.FAILED]), Paging(order_by=["-ended_at"])
    ),
    "used slots": task_instances.count_used_slots,
    "an attempt's task": lambda c: task_instances.find_attempt(c, "a1"),
    "states by run": lambda c: task_instances.count_by_run(c, [RUN_KEY]),
    "a task's tries": lambda c: attempts.load_attempts(c, key_of()),
    "one try": lambda c: attempts.load_attempt(c, "a1"),
    "a run's xcoms": lambda c: xcoms.find_xcoms(c, GetXCom(dag_id="etl", run_id="r1", task_ids=("t0",))),
    "earlier runs' xcoms": lambda c: xcoms.find_xcoms(
        c, GetXCom(dag_id="etl", run_id="r1", task_ids=("t0",), include_prior_dates=True)
    ),
    "lengths of xcoms": lambda c: xcoms.load_lengths(c, RUN_KEY),
    "rendered fields": lambda c: rendered_fields.load_rendered_fields(c, key_of()),
    "the inbox": inbox.read,
    "whether a command waits": lambda c: inbox.has_rows_up_to(c, 5),
    "events of an asset": lambda c: assets.find_events(c, assets.AssetEventFilter(uri="s3://a"), Paging()),
    "events that wait": lambda c: assets.load_unconsumed_events(c, "etl"),
    "a DAG's entries": lambda c: audit.list_audit_entries(c, audit.AuditFilter(dag_id="etl"), Paging()),
    "active specs": lambda c: list(versions.load_active_specs(c)),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store("", home=Path(tmp_path_factory.mktemp("plans")))
    migrate(opened)
    save_spec(opened, a_spec())
    scheduler = Scheduler(opened)
    scheduler.save(a_run(), a_task())
    yield opened
    opened.dispose()


def plans_of(store: Store, ask: Callable[[], object]) -> list[str]:
    """Return SQLite's plans of the statements that ``ask`` runs."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, sql: str, parameters: object, *_rest: object) -> None:
        seen.append((sql, parameters))

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        ask()
    finally:
        event.remove(store.engine, "before_cursor_execute", note)
    with store.read() as connection:
        return [
            row.detail
            for sql, parameters in seen
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)
        ]


def reads_a_whole_table(step: str) -> bool:
    words = step.split()
    return words[0] == "SCAN" and words[1] in HISTORY and "INDEX" not in words


@pytest.mark.parametrize("name", QUERIES)
def test_no_history_is_read_from_its_beginning(store: Store, name: str) -> None:
    def ask() -> None:
        with store.read() as connection:
            QUERIES[name](connection)

    assert [step for step in plans_of(store, ask) if reads_a_whole_table(step)] == []


#: These are answered in the order of an index: sorting would read all rows first.
ORDERED = (
    "the newest runs",
    "a DAG's newest runs",
    "a DAG's runs by date",
    "failed runs",
    "failed task instances",
)


@pytest.mark.parametrize("name", ORDERED)
def test_pages_come_out_of_an_index_in_their_order(store: Store, name: str) -> None:
    def ask() -> None:
        with store.read() as connection:
            QUERIES[name](connection)

    assert [step for step in plans_of(store, ask) if step == "USE TEMP B-TREE FOR ORDER BY"] == []

"""The tables. Keys inside are integers; names of DAGs and runs stand in their own tables only.

A task instance has no number of its own: its run's number, its task_id and its map index are its key, and
the key of all that belongs to it, so that one run's rows lie side by side and are found and deleted
together.

Indexes answer the questions that are asked often, and are partial where history would make them long: their
size follows the work that is open, not the work that was ever done.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    and_,
    event,
    literal_column,
)

from etesian.lifecycle.state import FINAL_RUN_STATES, FINAL_TASK_STATES, RunState, RunType, TaskState
from etesian.store.column_types import FreeText, Json, Key, Moment, Name

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: Keys of what an index carries besides what SQLAlchemy needs for SQLite.
_ONLY_ON: Final = "only_on"
_ONLY_WHERE: Final = "only_where"


# Any, below: a column may hold whatever its type says.
def _is_one_of(column: Column[Any], values: Sequence[StrEnum]) -> ColumnElement[bool]:
    return column.in_([literal_column(f"'{value.value}'") for value in values])


def _partial_index(name: str, *columns: Column[Any], where: ColumnElement[bool]) -> None:
    Index(name, *columns, sqlite_where=where, info={_ONLY_WHERE: where})


@event.listens_for(metadata, "before_create")
def _make_indexes_partial(_target: MetaData, connection: Connection, **_options: object) -> None:
    """Give the indexes their condition on PostgreSQL too; at import that would load all of its dialect."""
    if connection.dialect.name == "postgresql":
        for table in metadata.tables.values():
            for index in table.indexes:
                index.dialect_options["postgresql"]["where"] = index.info.get(_ONLY_WHERE)


def _newest_first_index(name: str, *columns: Column[Any], unique: bool = False) -> None:
    """Index the last column in the order that lists have: rows without a value after all others.

    SQLite reads any index in that order, PostgreSQL only one that was made for it.
    """
    *first, last = columns
    Index(name, *columns, unique=unique, info={_ONLY_ON: "sqlite"}).ddl_if(dialect="sqlite")
    newest_first = last.desc().nulls_last()
    on_postgresql = Index(
        f"{name}_newest_first", *first, newest_first, unique=unique, info={_ONLY_ON: "postgresql"}
    )
    on_postgresql.ddl_if(dialect="postgresql")


def is_made_on(item: object, dialect_name: str) -> bool:
    """Return whether an item of the metadata exists on a database; some indexes are for one of them only."""
    return not isinstance(item, Index) or item.info.get(_ONLY_ON, dialect_name) == dialect_name


def _run_key() -> Column[int]:
    return Column("run_pk", Key, ForeignKey("dag_runs.id", ondelete="CASCADE"), nullable=False)


def _dag_key() -> Column[int]:
    return Column("dag_pk", Key, ForeignKey("dags.id", ondelete="CASCADE"), nullable=False)


dags_table = Table(
    "dags",
    metadata,
    Column("id", Key, primary_key=True),
    Column("dag_id", Text, nullable=False, unique=True),
    Column("bundle", Text, nullable=False),
    Column("file", Text, nullable=False),
    Column("is_paused", Boolean, nullable=False),
    Column("pause_reason", FreeText),  # why the scheduler paused it
    Column("is_active", Boolean, nullable=False),  # False: its file no longer defines it
    # The version in force, which is not always the one with the highest number.
    Column("version_number", Integer, nullable=False, server_default="0"),
    Column("version_hash", Text, nullable=False, server_default=""),
    Column("code_hash", Text, nullable=False, server_default=""),
    # What lists show and filter by, so that they need not decode specs.
    Column("display_name", FreeText),
    Column("description", FreeText),
    Column("owners", Json(list)),
    Column("tags", Json(list)),
    Column("schedule_text", Text, nullable=False, server_default="None"),
    Column("schedule_kind", Text, nullable=False, server_default="none"),
    Column("timezone", Text, nullable=False, server_default="UTC"),
    Column("task_count", Integer, nullable=False, server_default="0"),
    Column("max_active_runs", BigInteger, nullable=False, server_default="16"),
    Column("max_active_tasks", BigInteger, nullable=False, server_default="16"),
    Column("max_consecutive_failed_runs", BigInteger, nullable=False, server_default="0"),
    Column("next_run_after", Moment),
    Column("next_logical_date", Moment),
    Column("next_data_interval_start", Moment),
    Column("next_data_interval_end", Moment),
    Column("last_parsed_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("bundle_version", FreeText),  # of the bundle, whose files the version in force is of
    Index(None, "bundle", "file"),
    sqlite_autoincrement=True,
)

dag_tags_table = Table(
    "dag_tags",
    metadata,
    Column("dag_pk", Key, ForeignKey("dags.id", ondelete="CASCADE"), primary_key=True),
    Column("tag", Text, primary_key=True),
    Index(None, "tag"),
    sqlite_with_rowid=False,
)

dag_versions_table = Table(
    "dag_versions",
    metadata,
    Column("id", Key, primary_key=True),
    _dag_key(),
    Column("number", Integer, nullable=False),
    Column("hash", Text, nullable=False),
    Column("bundle", Text, nullable=False),
    Column("code_hash", Text, nullable=False),
    Column("spec", Text, nullable=False),  # canonical JSON
    Column("source", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("bundle_version", FreeText),
    UniqueConstraint("dag_pk", "hash"),
    UniqueConstraint("dag_pk", "number"),
)
#: Joins a DAG with the version that new runs of it take.
VERSION_IS_IN_FORCE: Final = and_(
    dag_versions_table.c.dag_pk == dags_table.c.id, dag_versions_table.c.number == dags_table.c.version_number
)

dag_runs_table = Table(
    "dag_runs",
    metadata,
    Column("id", Key, primary_key=True),
    _dag_key(),
    Column("run_id", Text, nullable=False),
    Column("run_type", Name(RunType), nullable=False),
    Column("state", Name(RunState), nullable=False),
    Column("run_after", Moment, nullable=False),
    Column("version_hash", Text, nullable=False),
    Column("logical_date", Moment),
    Column("data_interval_start", Moment),
    Column("data_interval_end", Moment),
    Column("queued_at", Moment),
    Column("started_at", Moment),
    Column("ended_at", Moment),
    Column("conf", Json(dict)),
    Column("note", FreeText),
    Column("triggered_by", Text, nullable=False),
    Column("triggering_user", FreeText),
    Column("backfill_id", Text),
    Column("clear_number", BigInteger, nullable=False),
    Column("reason", FreeText),
    Column("partition_key", FreeText),
    Column("marked", Name(RunState)),
    Column("bundle_version", FreeText),
    UniqueConstraint("dag_pk", "run_id"),
    # A number is never given twice, so that a scheduler that remembers one can never write to another run.
    sqlite_autoincrement=True,
)
#: The runs that a new leader must know. Queries that want an index's rows repeat its condition word for word.
RUN_IS_UNFINISHED: Final = _is_one_of(
    dag_runs_table.c.state, [state for state in RunState if state not in FINAL_RUN_STATES]
)
RUN_HAS_FAILED: Final = _is_one_of(dag_runs_table.c.state, [RunState.FAILED])
RUN_IS_SCHEDULED: Final = _is_one_of(dag_runs_table.c.run_type, [RunType.SCHEDULED])
_newest_first_index(
    "uq_dag_runs_dag_pk_logical_date", dag_runs_table.c.dag_pk, dag_runs_table.c.logical_date, unique=True
)
Index("ix_dag_runs_dag_pk_run_after", dag_runs_table.c.dag_pk, dag_runs_table.c.run_after)
Index("ix_dag_runs_run_after", dag_runs_table.c.run_after)
_partial_index(
    "ix_dag_runs_unfinished", dag_runs_table.c.state, dag_runs_table.c.dag_pk, where=RUN_IS_UNFINISHED
)
_partial_index(
    "ix_dag_runs_scheduled", dag_runs_table.c.dag_pk, dag_runs_table.c.run_after, where=RUN_IS_SCHEDULED
)
_partial_index("ix_dag_runs_failed", dag_runs_table.c.run_after, where=RUN_HAS_FAILED)
_partial_index(
    "ix_dag_runs_ended_at", dag_runs_table.c.ended_at, where=dag_runs_table.c.ended_at.is_not(None)
)
_partial_index(
    "ix_dag_runs_backfill_id", dag_runs_table.c.backfill_id, where=dag_runs_table.c.backfill_id.is_not(None)
)

task_instances_table = Table(
    "task_instances",
    metadata,
    Column("run_pk", Key, ForeignKey("dag_runs.id", ondelete="CASCADE"), primary_key=True),
    Column("task_id", Text, primary_key=True),
    Column("map_index", Integer, primary_key=True, autoincrement=False),
    Column("state", Name(TaskState), nullable=False),
    Column("try_number", BigInteger, nullable=False),
    Column("max_tries", BigInteger, nullable=False),
    Column("attempt_id", Text),
    Column("executor", Text),
    Column("pool", Text, nullable=False),
    Column("pool_slots", BigInteger, nullable=False),
    Column("priority", BigInteger, nullable=False),
    Column("queue", Text, nullable=False),
    Column("operator", Text, nullable=False),
    Column("scheduled_at", Moment),
    Column("queued_at", Moment),
    Column("started_at", Moment),
    Column("ended_at", Moment),
    Column("wake_at", Moment),
    Column("first_started_at", Moment),
    Column("hostname", Text),
    Column("pid", Integer),
    Column("trigger_id", Text),
    Column("resume", LargeBinary),
    Column("rendered_map_index", FreeText),
    Column("note", FreeText),
    Column("reason", FreeText),
    Column("skipped_by", Text),
    sqlite_with_rowid=False,
)
#: The task instances with work in hand. State ``none`` only waits on others, and is not one of theirs.
TASK_IS_ACTIVE: Final = _is_one_of(
    task_instances_table.c.state,
    [state for state in TaskState if state not in FINAL_TASK_STATES and state is not TaskState.NONE],
)
TASK_HAS_FAILED: Final = _is_one_of(task_instances_table.c.state, [TaskState.FAILED])
_partial_index(
    "ix_task_instances_active",
    task_instances_table.c.state,
    task_instances_table.c.pool,
    where=TASK_IS_ACTIVE,
)
_partial_index("ix_task_instances_failed", task_instances_table.c.ended_at, where=TASK_HAS_FAILED)
_newest_first_index("ix_task_instances_started_at", task_instances_table.c.started_at)

attempts_table = Table(
    "attempts",
    metadata,
    Column("attempt_id", Text, primary_key=True),
    _run_key(),
    Column("task_id", Text, nullable=False),
    Column("map_index", Integer, nullable=False),
    Column("try_number", BigInteger, nullable=False),
    Column("state", Name(TaskState), nullable=False),
    Column("queued_at", Moment),
    Column("started_at", Moment),
    Column("ended_at", Moment),
    Column("hostname", Text),
    Column("pid", Integer),
    Column("executor", Text),
    Column("exit_code", Integer),
    Column("exit_signal", Integer),
    Column("peak_memory_bytes", BigInteger),
    Column("cpu_seconds", Float),
    Column("reason", FreeText),
    Index(None, "run_pk", "task_id", "map_index"),
)

xcoms_table = Table(
    "xcoms",
    metadata,
    Column("id", Key, primary_key=True),
    _run_key(),
    Column("task_id", Text, nullable=False),
    Column("map_index", Integer, nullable=False),
    Column("key", FreeText, nullable=False),
    Column("value", LargeBinary, nullable=False),  # JSON
    Column("length", Integer),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("run_pk", "task_id", "map_index", "key"),
)

rendered_fields_table = Table(
    "rendered_fields",
    metadata,
    Column("id", Key, primary_key=True),
    _run_key(),
    Column("task_id", Text, nullable=False),
    Column("map_index", Integer, nullable=False),
    Column("fields", LargeBinary, nullable=False),  # JSON object, secrets masked
    UniqueConstraint("run_pk", "task_id", "map_index"),
)

task_states_table = Table(
    "task_states",
    metadata,
    Column("id", Key, primary_key=True),
    _run_key(),
    Column("task_id", Text, nullable=False),
    Column("map_index", Integer, nullable=False),
    Column("key", FreeText, nullable=False),
    Column("value", LargeBinary, nullable=False),  # JSON
    Column("updated_at", Moment, nullable=False),
    Column("expires_at", Moment),
    UniqueConstraint("run_pk", "task_id", "map_index", "key"),
)

variables_table = Table(
    "variables",
    metadata,
    Column("key", FreeText, primary_key=True),
    Column("value", Text, nullable=False),  # encrypted
    Column("description", FreeText),
    Column("updated_at", Moment, nullable=False),
)

connections_table = Table(
    "connections",
    metadata,
    Column("conn_id", Text, primary_key=True),
    Column("conn_type", Text, nullable=False),
    Column("host", Text),
    Column("port", Integer),
    Column("schema", Text),
    Column("login", Text),
    Column("password", Text),  # encrypted
    Column("extra", Text),  # encrypted
    Column("description", FreeText),
    Column("updated_at", Moment, nullable=False),
)

pools_table = Table(
    "pools",
    metadata,
    Column("name", Text, primary_key=True),
    Column("slots", BigInteger, nullable=False),  # -1: without limit
    Column("includes_deferred", Boolean, nullable=False),
    Column("description", FreeText),
)

inbox_table = Table(
    "inbox",
    metadata,
    Column("id", Key, primary_key=True),
    Column("command", Text, nullable=False),  # JSON
    Column("created_at", Moment, nullable=False),
    Column("error", Text),  # why it was set aside: it could not be read
    sqlite_autoincrement=True,
)
_partial_index("ix_inbox_readable", inbox_table.c.id, where=inbox_table.c.error.is_(None))

leases_table = Table(
    "leases",
    metadata,
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("holder", Text, nullable=False),
    Column("epoch", BigInteger, nullable=False),  # grows with each new leader
    Column("renewed_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
)

heartbeats_table = Table(
    "heartbeats",
    metadata,
    Column("kind", Text, primary_key=True),  # parser | triggerer | ...
    Column("hostname", Text, primary_key=True),
    Column("pid", Integer, primary_key=True, autoincrement=False),
    Column("started_at", Moment, nullable=False),
    Column("beat_at", Moment, nullable=False),
    sqlite_with_rowid=False,
)

#: What people want parsed again, until a parser has taken it up.
parse_requests_table = Table(
    "parse_requests",
    metadata,
    Column("bundle", Text, primary_key=True),
    Column("file", FreeText, primary_key=True),
)

import_errors_table = Table(
    "import_errors",
    metadata,
    Column("id", Key, primary_key=True),
    Column("bundle", Text, nullable=False),
    Column("file", Text, nullable=False),
    Column("message", FreeText, nullable=False),
    Column("line", Integer),
    Column("seen_at", Moment, nullable=False),
    UniqueConstraint("bundle", "file"),
)

triggers_table = Table(
    "triggers",
    metadata,
    Column("trigger_id", Text, primary_key=True),
    _run_key(),
    Column("task_id", Text, nullable=False),
    Column("map_index", Integer, nullable=False),
    Column("trigger_class", Text, nullable=False),
    Column("trigger_kwargs", LargeBinary, nullable=False),  # JSON
    Column("timeout_at", Moment),
    Column("triggerer", Text),  # the triggerer that awaits it
    Column("created_at", Moment, nullable=False),
    Index(None, "run_pk"),
)

callbacks_table = Table(
    "callbacks",
    metadata,
    Column("callback_id", Text, primary_key=True),
    Column("dag_id", Text, nullable=False),
    Column("callback", LargeBinary, nullable=False),  # msgpack of a RunCallback
    Column("created_at", Moment, nullable=False),
    Index(None, "dag_id"),
)

assets_table = Table(
    "assets",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", Text, nullable=False),
    Column("uri", Text, nullable=False),
    Column("asset_group", Text, nullable=False),
    Column("extra", Json(dict)),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment),  # of its newest event
    UniqueConstraint("name", "uri"),
    Index(None, "uri"),
)

asset_states_table = Table(
    "asset_states",
    metadata,
    Column("id", Key, primary_key=True),
    Column("asset_pk", Key, ForeignKey("assets.id", ondelete="CASCADE"), nullable=False),
    Column("key", FreeText, nullable=False),
    Column("value", LargeBinary, nullable=False),  # JSON
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("asset_pk", "key"),
)

asset_aliases_table = Table(
    "asset_aliases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("asset_group", Text, nullable=False),
)

dag_assets_table = Table(
    "dag_assets",
    metadata,
    _dag_key(),
    Column("asset_pk", Key, ForeignKey("assets.id", ondelete="CASCADE"), nullable=False),
    Column("role", Text, nullable=False),  # schedule | watcher | inlet | outlet
    Column("task_id", Text, nullable=False, server_default=""),
    UniqueConstraint("dag_pk", "asset_pk", "role", "task_id"),
    Index(None, "asset_pk"),
)

asset_events_table = Table(
    "asset_events",
    metadata,
    Column("id", Key, primary_key=True),
    Column("asset_pk", Key, ForeignKey("assets.id", ondelete="CASCADE"), nullable=False),
    Column("alias", FreeText),
    Column("extra", Json(dict)),
    Column("source", Text, nullable=False),  # task | api | watcher
    # The producing task by name: the event outlives the run that made it.
    Column("source_dag_id", Text),
    Column("source_run_id", Text),
    Column("source_task_id", Text),
    Column("source_map_index", Integer),
    Column("partition_key", FreeText),
    Column("created_at", Moment, nullable=False),
    Index(None, "asset_pk", "id"),
    Index(None, "created_at"),
    sqlite_autoincrement=True,
)
_partial_index(
    "ix_asset_events_alias", asset_events_table.c.alias, where=asset_events_table.c.alias.is_not(None)
)
_partial_index(
    "ix_asset_events_source_dag_id",
    asset_events_table.c.source_dag_id,
    where=asset_events_table.c.source_dag_id.is_not(None),
)

asset_event_consumers_table = Table(
    "asset_event_consumers",
    metadata,
    Column("run_pk", Key, ForeignKey("dag_runs.id", ondelete="CASCADE"), primary_key=True),
    Column("event_pk", Key, ForeignKey("asset_events.id", ondelete="CASCADE"), primary_key=True),
    Index(None, "event_pk"),
    sqlite_with_rowid=False,
)

backfills_table = Table(
    "backfills",
    metadata,
    Column("backfill_id", Text, primary_key=True),
    _dag_key(),
    Column("from_date", Moment, nullable=False),
    Column("to_date", Moment, nullable=False),
    Column("run_backwards", Boolean, nullable=False),
    Column("max_active_runs", BigInteger, nullable=False),
    Column("reprocess", Text, nullable=False),
    Column("conf", Json(dict)),
    Column("newest_version", Boolean, nullable=False),
    Column("is_paused", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("completed_at", Moment),
    Column("triggering_user", FreeText),
    Index(None, "dag_pk"),
)

audit_log_table = Table(
    "audit_log",
    metadata,
    Column("id", Key, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("user", FreeText),
    Column("action", Text, nullable=False),
    Column("dag_id", Text),
    Column("run_id", Text),
    Column("task_id", Text),
    Column("map_index", Integer),
    Column("details", Json(dict)),
    Index(None, "at"),
    Index(None, "dag_id", "at"),
)

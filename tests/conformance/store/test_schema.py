"""Making tables, and noticing those of other releases."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from etesian.lifecycle.records import AttemptRecord, DagRunRecord, TaskInstanceRecord
from etesian.store import Store, migrations, open_store
from etesian.store.errors import SchemaMissingError, SchemaTooNewError, SchemaTooOldError
from etesian.store.queries import dags, pools
from etesian.store.queries.pools import PoolRecord
from etesian.store.schema import HEAD, REVISIONS, check_schema, migrate, reset
from etesian.store.tables import attempts_table, dag_runs_table, is_made_on, metadata, task_instances_table
from tests.conformance.store.samples import a_spec, save_spec


@pytest.fixture
def empty_store(empty_url: str, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(empty_url, home=tmp_path)
    yield opened
    opened.dispose()


def set_revision(store: Store, revision: str) -> None:
    with store.write() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")


def test_an_empty_database_gets_all_tables_once(empty_store: Store) -> None:
    assert migrate(empty_store)
    assert not migrate(empty_store)
    check_schema(empty_store)
    with empty_store.read() as connection:
        assert set(inspect(connection).get_table_names()) == {*metadata.tables, "alembic_version"}


def test_the_tables_made_are_the_tables_declared(empty_store: Store) -> None:
    migrate(empty_store)
    with empty_store.read() as connection:
        options = {"include_object": lambda item, *_: is_made_on(item, connection.dialect.name)}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_tables_of_the_first_release_are_brought_up_to_date(empty_store: Store) -> None:
    migrate(empty_store)
    with empty_store.write() as connection:
        for table in ("task_states", "asset_states", "parse_requests"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
        for table in ("dag_runs", "asset_events"):
            connection.exec_driver_sql(f"ALTER TABLE {table} DROP COLUMN partition_key")
        connection.exec_driver_sql("ALTER TABLE dag_runs DROP COLUMN marked")
        for table in ("dags", "dag_versions", "dag_runs"):
            connection.exec_driver_sql(f"ALTER TABLE {table} DROP COLUMN bundle_version")
    set_revision(empty_store, "0001")
    assert migrate(empty_store)
    check_schema(empty_store)
    with empty_store.read() as connection:
        options = {"include_object": lambda item, *_: is_made_on(item, connection.dialect.name)}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_several_first_starts_do_not_meet(empty_url: str, tmp_path: Path) -> None:
    stores = [open_store(empty_url, home=tmp_path) for _ in range(4)]
    with ThreadPoolExecutor(len(stores)) as threads:
        made = sorted(threads.map(migrate, stores))
    assert made == [False, False, False, True]
    for store in stores:
        check_schema(store)
        store.dispose()


def test_missing_tables_are_noticed(empty_store: Store) -> None:
    with pytest.raises(SchemaMissingError, match="run `etesian db migrate`"):
        check_schema(empty_store)


def test_tables_of_an_earlier_release_are_noticed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("etesian.store.schema.REVISIONS", (*REVISIONS, "9998"))
    monkeypatch.setattr("etesian.store.schema.HEAD", "9998")
    with pytest.raises(
        SchemaTooOldError, match=f"revision {HEAD}, this release needs 9998; run `etesian db migrate`"
    ):
        check_schema(store)


def test_tables_of_a_later_release_are_left_alone(store: Store) -> None:
    set_revision(store, "9999")
    try:
        for refused in (check_schema, migrate):
            with pytest.raises(SchemaTooNewError, match="revision 9999, which this release does not know"):
                refused(store)
    finally:
        set_revision(store, HEAD)


def test_a_reset_forgets_everything(empty_store: Store) -> None:
    migrate(empty_store)
    save_spec(empty_store, a_spec())
    with empty_store.write() as connection:
        pools.save_pool(connection, PoolRecord(name="p", slots=1))
    reset(empty_store)
    check_schema(empty_store)
    with empty_store.read() as connection:
        assert dags.load_files(connection) == {}
        assert [pool.name for pool in pools.load_pools(connection)] == ["default_pool"]


def test_a_failed_first_start_leaves_nothing_behind(
    empty_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_connection: object) -> None:
        raise OSError("killed here")

    with monkeypatch.context() as patch:
        patch.setattr("etesian.store.schema.insert_default_pool", fail)
        with pytest.raises(OSError, match="killed here"):
            migrate(empty_store)
    with empty_store.read() as connection:
        assert inspect(connection).get_table_names() == []
    assert migrate(empty_store)


def test_the_revisions_named_are_the_steps_there_are() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    found = [step.revision for step in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(found)) == REVISIONS


def test_every_field_of_a_record_has_a_column() -> None:
    names = {"dag_id", "run_id"}
    for record, table in (
        (DagRunRecord, dag_runs_table),
        (TaskInstanceRecord, task_instances_table),
        (AttemptRecord, attempts_table),
    ):
        missing = set(record.__struct_fields__) - names - set(table.c.keys())
        assert missing == set(), f"{table.name} lacks columns for new fields of {record.__name__}"

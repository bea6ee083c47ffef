"""What tasks and people keep in the store: values, secrets, pools, errors, triggers, backfills, entries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec
import pytest
from sqlalchemy import Table, select

from etesian.foundation.ids import InvalidKeyError
from etesian.lifecycle.backfills import ExistingRun
from etesian.lifecycle.records import TaskKey
from etesian.lifecycle.state import RunState
from etesian.protocol.commands import ChangeBackfill, CreateBackfill, PoolsChanged
from etesian.protocol.reports import AssetEventReport, XComValue
from etesian.protocol.requests import (
    AssetScope,
    DeleteState,
    Done,
    FoundValue,
    GetState,
    GetXCom,
    Refused,
    SetState,
    StateScope,
    TaskScope,
    XComItems,
)
from etesian.spec.asset import AssetSpec
from etesian.spec.schedule import AssetSchedule
from etesian.store import Store
from etesian.store.answers import answer
from etesian.store.batch import Batch
from etesian.store.errors import UnknownDagError, UnknownRunError
from etesian.store.queries import (
    assets,
    audit,
    backfills,
    connections,
    import_errors,
    inbox,
    pools,
    triggers,
    variables,
    xcoms,
)
from etesian.store.queries.page import Paging
from etesian.store.queries.patterns import Between
from etesian.store.rotation import rotate_secrets
from etesian.store.secrets import SecretBox
from etesian.store.tables import connections_table, variables_table
from tests.conformance.store.samples import (
    DAY,
    HOUR,
    NOW,
    RUN_KEY,
    SECOND,
    Recorded,
    Scheduler,
    a_run,
    a_spec,
    a_task,
    key_of,
    save_spec,
)


@pytest.fixture
def scheduler(store: Store) -> Scheduler:
    save_spec(store, a_spec())
    return Scheduler(store)


def ask(store: Store, **parts: object) -> list[tuple[str, str, int, str, bytes]]:
    request = GetXCom(**({"dag_id": "etl", "run_id": "r2"} | parts))  # type: ignore[arg-type]
    with store.read() as connection:
        found = xcoms.find_xcoms(connection, request)
    return [(item.run_id, item.task_id, item.map_index, item.key, item.value) for item in found]


class TestXComs:
    @pytest.fixture
    def values(self, scheduler: Scheduler) -> None:
        scheduler.save(
            a_run("r1", logical_date=NOW),
            a_run("r2", logical_date=NOW + DAY),
            a_run("r3", logical_date=NOW + 2 * DAY),
        )

        def value(
            task_id: str, run_id: str, key: str, data: bytes, map_index: int = -1
        ) -> tuple[TaskKey, XComValue]:
            return key_of(task_id, run_id=run_id, map_index=map_index), XComValue(key=key, value=data)

        scheduler.write(
            Batch(
                xcoms=[
                    value("t0", "r1", "return_value", b"1"),
                    value("t1", "r1", "return_value", b"10"),
                    value("t1", "r2", "return_value", b"22", 2),
                    value("t1", "r2", "return_value", b"20", 0),
                    value("t1", "r2", "other", b'"o"', 0),
                    value("t0", "r3", "return_value", b"3"),
                ]
            )
        )

    def test_values_of_a_run_are_ordered_by_task_and_map_index(self, store: Store, values: None) -> None:
        assert ask(store) == [
            ("r2", "t1", 0, "return_value", b"20"),
            ("r2", "t1", 2, "return_value", b"22"),
        ]
        assert ask(store, run_id="r1", task_ids=("t0", "t2")) == [("r1", "t0", -1, "return_value", b"1")]
        assert ask(store, map_indexes=(2,)) == [("r2", "t1", 2, "return_value", b"22")]
        assert ask(store, key=None, map_indexes=(0,))[0] == ("r2", "t1", 0, "other", b'"o"')
        assert ask(store, run_id="never") == []

    def test_earlier_runs_are_asked_up_to_the_own_one(self, store: Store, values: None) -> None:
        prior = {"include_prior_dates": True}
        assert ask(store, task_ids=("t0",), **prior) == [("r1", "t0", -1, "return_value", b"1")]
        assert ask(store, **prior) == [
            ("r1", "t0", -1, "return_value", b"1"),
            ("r2", "t1", 0, "return_value", b"20"),
            ("r2", "t1", 2, "return_value", b"22"),
        ]
        assert ask(store, run_id="never", **prior) == []

    def test_one_element_of_a_list_is_given_and_what_is_no_list_comes_whole(
        self, store: Store, scheduler: Scheduler
    ) -> None:
        scheduler.save(a_run())
        a_list, a_dict = b'[{"a":1},"two",[3]]', b'{"a":1}'
        kept = {"list": a_list, "dict": a_dict}
        pushed = [XComValue(key=key, value=value) for key, value in kept.items()]
        scheduler.write(Batch(xcoms=[(key_of(), value) for value in pushed]))

        def one(key: str, index: int) -> tuple[bytes, bool]:
            request = GetXCom(dag_id="etl", run_id="r1", task_ids=("t0",), key=key, element=index)
            found = answer(store, request, now=NOW)
            assert isinstance(found, XComItems)
            return found.items[0].value, found.items[0].is_element

        assert one("list", 0) == (b'{"a":1}', True)
        assert one("list", 2) == (b"[3]", True)
        assert one("list", 3) == (a_list, False)
        assert one("dict", 0) == (a_dict, False)
        with store.write() as connection:
            again = XComValue(key="list", value=b'["new"]')
            xcoms.save_xcom(connection, key_of(), again, now=NOW + SECOND)
        assert one("list", 0) == (b'"new"', True)

    def test_a_task_keeps_values_until_they_expire(self, store: Store, scheduler: Scheduler) -> None:
        scheduler.save(a_run())
        scope = TaskScope(dag_id="etl", run_id="r1", task_id="t0")
        other = TaskScope(dag_id="etl", run_id="r1", task_id="t0", map_index=1)

        def get(key: str, scope: StateScope = scope, now: datetime = NOW) -> str | None:
            found = answer(store, GetState(scope=scope, key=key), now=now)
            assert isinstance(found, FoundValue)
            return found.value

        def put(key: str, value: str, scope: StateScope = scope, expires_at: datetime | None = None) -> None:
            request = SetState(scope=scope, key=key, value=value, expires_at=expires_at)
            assert answer(store, request, now=NOW) == Done()

        put("job", '"j1"')
        put("job", '"j2"')
        put("job", '"other"', other)
        put("brief", "1", expires_at=NOW + SECOND)
        assert (get("job"), get("job", other), get("brief"), get("never")) == ('"j2"', '"other"', "1", None)
        assert get("brief", now=NOW + SECOND) is None
        answer(store, DeleteState(scope=scope, key="job"), now=NOW)
        assert (get("job"), get("brief")) == (None, "1")
        answer(store, DeleteState(scope=scope), now=NOW)
        assert (get("brief"), get("job", other)) == (None, '"other"')
        gone = TaskScope(dag_id="etl", run_id="r9", task_id="t0")
        assert isinstance(answer(store, SetState(scope=gone, key="k", value="1"), now=NOW), Refused)

    def test_an_asset_keeps_values_under_its_name_and_its_uri(self, store: Store) -> None:
        by_both = AssetScope(name="orders", uri="s3://orders")
        answer(store, SetState(scope=by_both, key="watermark", value="7"), now=NOW)
        for scope in (by_both, AssetScope(name="orders"), AssetScope(uri="s3://orders")):
            assert answer(store, GetState(scope=scope, key="watermark"), now=NOW) == FoundValue(value="7")
        answer(store, SetState(scope=AssetScope(name="orders"), key="watermark", value="8"), now=NOW)
        assert answer(store, GetState(scope=by_both, key="watermark"), now=NOW) == FoundValue(value="8")
        new = AssetScope(name="new")
        answer(store, SetState(scope=new, key="k", value="1"), now=NOW)
        assert answer(store, GetState(scope=new, key="k"), now=NOW) == FoundValue(value="1")

    def test_lengths_of_lists_are_known_for_mapping(self, store: Store, scheduler: Scheduler) -> None:
        scheduler.save(a_run())
        pushed = [XComValue(key="return_value", value=b"[1,2]", length=2), XComValue(key="k", value=b"1")]
        scheduler.write(Batch(xcoms=[(key_of(), value) for value in pushed]))
        with store.read() as connection:
            assert xcoms.load_lengths(connection, RUN_KEY) == {("t0", -1, "return_value"): 2}

    def test_a_value_is_saved_replaced_listed_and_deleted(self, store: Store, scheduler: Scheduler) -> None:
        scheduler.save(a_run(), a_task())
        with store.write() as connection:
            for value in (b"1", b"2"):
                xcoms.save_xcom(connection, key_of(), XComValue(key="k", value=value), now=NOW)
            with pytest.raises(UnknownRunError):
                xcoms.save_xcom(connection, key_of(run_id="r9"), XComValue(key="k", value=b"1"), now=NOW)
            found = xcoms.load_xcom(connection, key_of(), "k")
            assert found is not None
            assert (found.value, found.created_at) == (b"2", NOW)
            wanted = xcoms.XComFilter(dag_id="etl", run_id="r1", task_id="t0", map_index=-1, key_pattern="k")
            assert xcoms.list_xcoms(connection, wanted, Paging()).items == [found]
            assert xcoms.delete_xcom(connection, key_of(), "k")
            assert not xcoms.delete_xcom(connection, key_of(), "k")
            assert xcoms.load_xcom(connection, key_of(), "k") is None


def encrypted(store: Store, table: Table) -> str:
    with store.read() as connection:
        return str(connection.execute(select(table)).all())


class TestVariables:
    def test_a_variable_is_kept_encrypted(self, store: Store) -> None:
        with store.write() as connection:
            variables.save_variable(
                connection, "k", "sesame", description="d", secrets=store.secrets, now=NOW
            )
            found = variables.load_variable(connection, "k", secrets=store.secrets)
        assert found == variables.VariableRecord(key="k", value="sesame", description="d", updated_at=NOW)
        assert "sesame" not in encrypted(store, variables_table)

    def test_a_new_value_keeps_the_description(self, store: Store) -> None:
        with store.write() as connection:
            variables.save_variable(connection, "k", "1", description="d", secrets=store.secrets, now=NOW)
            variables.save_variable(connection, "k", "2", secrets=store.secrets, now=NOW)
            found = variables.load_variable(connection, "k", secrets=store.secrets)
        assert found is not None
        assert (found.value, found.description) == ("2", "d")

    def test_variables_are_listed_and_deleted(self, store: Store) -> None:
        with store.write() as connection:
            for key in ("b", "a", "c1"):
                variables.save_variable(connection, key, key * 2, secrets=store.secrets, now=NOW)
            page = variables.list_variables(connection, Paging(), secrets=store.secrets)
            assert [item.value for item in page.items] == ["aa", "bb", "c1c1"]
            assert (
                variables.list_variables(connection, Paging(), secrets=store.secrets, key_pattern="1").total
                == 1
            )
            assert variables.delete_variable(connection, "a")
            assert not variables.delete_variable(connection, "a")
            assert variables.load_variable(connection, "a", secrets=store.secrets) is None

    @pytest.mark.parametrize("key", ["", "k" * 251])
    def test_an_impossible_key_is_refused(self, store: Store, key: str) -> None:
        with store.write() as connection, pytest.raises(variables.InvalidVariableError, match="1 to 250"):
            variables.save_variable(connection, key, "v", secrets=store.secrets, now=NOW)


class TestConnections:
    full = connections.ConnectionRecord(
        conn_id="db",
        conn_type="postgres",
        host="h",
        port=5432,
        schema="s",
        login="l",
        password="sesame",
        extra='{"token":"secret"}',
        description="d",
    )

    def test_a_connection_comes_back_as_it_was_and_is_kept_encrypted(self, store: Store) -> None:
        with store.write() as connection:
            assert connections.save_connection(connection, self.full, secrets=store.secrets, now=NOW)
            assert connections.load_connection(connection, "db", secrets=store.secrets) == self.full
        kept = encrypted(store, connections_table)
        assert "sesame" not in kept
        assert "secret" not in kept

    def test_its_text_does_not_show_its_secrets(self) -> None:
        assert "sesame" not in repr(self.full)
        assert "secret" not in str(self.full)

    def test_saving_again_replaces_all_of_it(self, store: Store) -> None:
        bare = connections.ConnectionRecord(conn_id="db", conn_type="http")
        with store.write() as connection:
            connections.save_connection(connection, self.full, secrets=store.secrets, now=NOW)
            assert not connections.save_connection(connection, bare, secrets=store.secrets, now=NOW)
            assert connections.load_connection(connection, "db", secrets=store.secrets) == bare

    def test_connections_are_listed_and_deleted(self, store: Store) -> None:
        with store.write() as connection:
            connections.save_connection(connection, self.full, secrets=store.secrets, now=NOW)
            page = connections.list_connections(
                connection, Paging(), secrets=store.secrets, conn_id_pattern="d"
            )
            assert page.items == [self.full]
            assert connections.delete_connection(connection, "db")
            assert not connections.delete_connection(connection, "db")
            assert connections.load_connection(connection, "db", secrets=store.secrets) is None

    def test_an_impossible_name_is_refused(self, store: Store) -> None:
        bad = connections.ConnectionRecord(conn_id="a b", conn_type="http")
        with store.write() as connection, pytest.raises(InvalidKeyError, match="conn_id 'a b'"):
            connections.save_connection(connection, bad, secrets=store.secrets, now=NOW)


def test_all_secrets_move_to_the_newest_key(store: Store, make_key: Callable[[], str]) -> None:
    old, new = make_key(), make_key()
    unused = store.home / "unused"
    before, between, after = (SecretBox(unused, keys) for keys in (old, f"{new},{old}", new))
    with store.write() as connection:
        variables.save_variable(connection, "k", "v", secrets=before, now=NOW)
        connections.save_connection(connection, TestConnections.full, secrets=before, now=NOW)
        assert rotate_secrets(connection, between) == 3
        found = variables.load_variable(connection, "k", secrets=after)
        assert found is not None
        assert found.value == "v"
        assert connections.load_connection(connection, "db", secrets=after) == TestConnections.full


class TestPools:
    def test_the_default_pool_is_there_from_the_start(self, store: Store) -> None:
        with store.read() as connection:
            (pool,) = pools.load_pools(connection)
        assert (pool.name, pool.slots, pool.includes_deferred) == ("default_pool", 128, False)

    def test_a_pool_is_added_changed_and_deleted(self, store: Store) -> None:
        pool = pools.PoolRecord(name="p", slots=3, includes_deferred=True, description="d")
        with store.write() as connection:
            assert pools.save_pool(connection, pool)
            assert not pools.save_pool(connection, msgspec.structs.replace(pool, slots=-1))
            assert pools.load_pool(connection, "p").slots == -1
            pools.delete_pool(connection, "p")
            with pytest.raises(pools.UnknownPoolError, match="no pool 'p'"):
                pools.load_pool(connection, "p")
            with pytest.raises(pools.UnknownPoolError):
                pools.delete_pool(connection, "p")
            assert [row.command for row in inbox.read(connection)] == [PoolsChanged()] * 3

    def test_impossible_pools_are_refused(self, store: Store) -> None:
        with store.write() as connection:
            with pytest.raises(pools.InvalidPoolError, match="-2 slots"):
                pools.save_pool(connection, pools.PoolRecord(name="p", slots=-2))
            with pytest.raises(pools.InvalidPoolError, match="needs a name"):
                pools.save_pool(connection, pools.PoolRecord(name=" ", slots=1))
            with pytest.raises(pools.InvalidPoolError, match="cannot be deleted"):
                pools.delete_pool(connection, "default_pool")


def test_a_file_has_one_import_error_at_a_time(store: Store) -> None:
    with store.write() as connection:
        for message, line in (("first", 1), ("second", None)):
            import_errors.save_import_error(
                connection, bundle="dags", file="a.py", message=message, line=line, now=NOW
            )
        import_errors.save_import_error(connection, bundle="dags", file="b.py", message="m", line=3, now=NOW)
        page = import_errors.list_import_errors(connection, Paging(order_by=["file"]))
        assert [(error.file, error.message, error.line) for error in page.items] == [
            ("a.py", "second", None),
            ("b.py", "m", 3),
        ]
        assert import_errors.load_import_error(connection, page.items[1].id) == page.items[1]
        assert import_errors.list_import_errors(connection, Paging(), file_pattern="b").total == 1
        assert import_errors.forget_import_errors(connection, "dags", ["a.py", "c.py"]) == 1
        assert import_errors.load_import_error(connection, page.items[0].id) is None


class ATrigger(msgspec.Struct, frozen=True, kw_only=True):
    trigger_id: str
    key: TaskKey = TaskKey("etl", "r1", "t0")
    trigger_class: str = "a.Trigger"
    trigger_kwargs: bytes = b"{}"
    timeout_at: None = None


def test_triggers_are_shared_out_and_taken_back_from_the_dead(store: Store, scheduler: Scheduler) -> None:
    scheduler.save(a_run())
    scheduler.write(Batch(triggers_started=[ATrigger(trigger_id=f"t{number}") for number in range(3)]))
    with store.write() as connection:
        assert triggers.assign_triggers(connection, "one", limit=2) == 2
        assert triggers.assign_triggers(connection, "two", limit=2) == 1
        assert len(triggers.load_triggers(connection, triggerer="one")) == 2
        assert triggers.free_triggers(connection, alive=["two"]) == 2
        assert triggers.assign_triggers(connection, "two", limit=5) == 2
        assert len(triggers.load_triggers(connection, triggerer="two")) == 3


class TestBackfills:
    command = CreateBackfill(
        backfill_id="b1", dag_id="etl", from_date=NOW, to_date=NOW + DAY, conf={"a": 1}, max_active_runs=3
    )

    def test_a_backfill_is_stored_and_sent_to_the_scheduler(self, store: Store, scheduler: Scheduler) -> None:
        with store.write() as connection:
            backfills.create_backfill(connection, self.command, now=NOW, triggering_user="ann")
            found = backfills.load_backfill(connection, "b1")
            assert inbox.read(connection)[-1].command == self.command
        assert (found.dag_id, found.from_date, found.to_date, found.conf) == ("etl", NOW, NOW + DAY, {"a": 1})
        assert (found.max_active_runs, found.triggering_user, found.is_paused) == (3, "ann", False)

    def test_it_needs_a_dag(self, store: Store) -> None:
        with store.write() as connection, pytest.raises(UnknownDagError):
            backfills.create_backfill(connection, self.command, now=NOW)

    def test_it_is_paused_cancelled_and_completed(self, store: Store, scheduler: Scheduler) -> None:
        with store.write() as connection:
            backfills.create_backfill(connection, self.command, now=NOW)
            backfills.change_backfill(connection, ChangeBackfill(backfill_id="b1", action="pause"), now=NOW)
            assert backfills.load_backfill(connection, "b1").is_paused
            backfills.change_backfill(connection, ChangeBackfill(backfill_id="b1", action="unpause"), now=NOW)
            assert not backfills.load_backfill(connection, "b1").is_paused
            assert backfills.list_backfills(connection, Paging(), dag_ids=["etl"], only_open=True).total == 1
            backfills.change_backfill(connection, ChangeBackfill(backfill_id="b1", action="cancel"), now=NOW)
            assert backfills.load_backfill(connection, "b1").completed_at == NOW
            assert backfills.list_backfills(connection, Paging(), only_open=True).total == 0
            with pytest.raises(backfills.UnknownBackfillError, match="'b2'"):
                backfills.change_backfill(
                    connection, ChangeBackfill(backfill_id="b2", action="pause"), now=NOW
                )
            with pytest.raises(backfills.UnknownBackfillError, match="'b2'"):
                backfills.load_backfill(connection, "b2")

    def test_it_is_completed_when_its_runs_have_ended_unless_it_was_cancelled_before(
        self, store: Store, scheduler: Scheduler
    ) -> None:
        with store.write() as connection:
            backfills.create_backfill(connection, self.command, now=NOW)
            again = msgspec.structs.replace(self.command, backfill_id="b2")
            backfills.create_backfill(connection, again, now=NOW)
            backfills.change_backfill(connection, ChangeBackfill(backfill_id="b2", action="cancel"), now=NOW)
            (left,) = backfills.load_open_backfills(connection, ["etl"])
            assert left.to_command() == self.command
        scheduler.write(Batch(now=NOW + DAY, completed_backfills=["b1", "b2"]))
        with store.read() as connection:
            assert backfills.load_backfill(connection, "b1").completed_at == NOW + DAY
            assert backfills.load_backfill(connection, "b2").completed_at == NOW
            assert backfills.load_open_backfills(connection) == []

    def test_it_finds_the_runs_of_its_dates(self, store: Store, scheduler: Scheduler) -> None:
        run = msgspec.structs.replace(a_run(), backfill_id="b1", logical_date=NOW)
        scheduler.save(run, msgspec.structs.replace(a_run("r2"), logical_date=NOW + 2 * DAY))
        with store.read() as connection:
            found = backfills.load_existing_runs(connection, "etl", NOW, NOW + DAY)
        assert found == [ExistingRun(run_id="r1", logical_date=NOW, state=RunState.RUNNING, backfill_id="b1")]

    def test_its_runs_are_counted(self, store: Store, scheduler: Scheduler) -> None:
        scheduler.save(msgspec.structs.replace(a_run(), backfill_id="b1"), a_run("r2"))
        with store.read() as connection:
            assert backfills.count_runs_of_backfill(connection, "b1") == {RunState.RUNNING: 1}


def test_what_people_did_is_listed(store: Store) -> None:
    first = audit.AuditEntry(at=NOW, action="pause", user="ann", dag_id="etl", details={"a": 1})
    second = audit.AuditEntry(
        at=NOW + HOUR, action="clear", dag_id="etl", run_id="r", task_id="t", map_index=1
    )
    with store.write() as connection:
        audit.add_audit_entry(connection, first)
        audit.add_audit_entry(connection, second)

        def found(**wanted: object) -> list[str]:
            filter_ = msgspec.convert(wanted, audit.AuditFilter)
            return [entry.action for entry in audit.list_audit_entries(connection, filter_, Paging()).items]

        assert found() == ["pause", "clear"]
        assert found(user="ann") == ["pause"]
        assert found(dag_id="etl", run_id="r", task_id="t", map_index=1, action="clear") == ["clear"]
        assert found(actions=["clear"]) == ["clear"]
        assert found(excluded_actions=["clear"]) == ["pause"]
        later = audit.AuditFilter(at=Between(since=NOW + SECOND))
        (entry,) = audit.list_audit_entries(connection, later, Paging(order_by=["-when"])).items
        assert msgspec.structs.replace(entry, id=0) == second
        assert audit.load_audit_entry(connection, entry.id) == entry
        assert audit.load_audit_entry(connection, entry.id + 1) is None


def test_events_wait_for_a_dag_until_a_run_consumed_them(store: Store, scheduler: Scheduler) -> None:
    spec = msgspec.structs.replace(
        a_spec("consumer", file="c.py"),
        schedule=AssetSchedule(condition=AssetSpec(name="a", uri="s3://a")),
    )
    save_spec(store, spec)
    for uri in ("s3://a", "s3://b", "s3://a"):
        scheduler.write(Batch(asset_events=[Recorded((AssetEventReport(uri=uri),))]))
    with store.read() as connection:
        waiting = assets.load_unconsumed_events(connection, "consumer")
    assert [event.uri for event in waiting] == ["s3://a", "s3://a"]
    scheduler.save(a_run(dag_id="consumer"))
    scheduler.write(
        Batch(consumed_asset_events=[(a_run(dag_id="consumer").key, tuple(event.id for event in waiting))])
    )
    scheduler.write(Batch(asset_events=[Recorded((AssetEventReport(name="a"),))]))
    with store.read() as connection:
        assert len(assets.load_unconsumed_events(connection, "consumer")) == 1
        assert assets.load_asset(connection, waiting[0].asset_id) is not None
        assert assets.load_asset(connection, 9999) is None

"""DAGs, their versions, and what the parser stores."""

from __future__ import annotations

import msgspec
import pytest

from etesian.lifecycle.records import DagRunRecord
from etesian.lifecycle.state import RunState, RunType
from etesian.protocol.commands import Command, DagGone, PauseChanged, SpecChanged
from etesian.spec.asset import AssetAliasSpec, AssetAll, AssetRefSpec, AssetSpec
from etesian.spec.codec import compute_hash
from etesian.spec.dag import DagSpec
from etesian.spec.schedule import AssetSchedule, CustomSchedule, SchedulePoint
from etesian.spec.task import TaskSpec
from etesian.store import Store
from etesian.store.errors import DuplicateDagError, UnknownDagError
from etesian.store.queries import assets, dags, inbox, runs, versions
from etesian.store.queries.dags import DagFilter
from etesian.store.queries.page import InvalidOrderError, Paging
from etesian.store.queries.versions import UnknownVersionError
from tests.conformance.store.samples import NOW, SECOND, a_spec, save_spec


def commands(store: Store) -> list[Command]:
    with store.write() as connection:
        return [row.command for row in inbox.read(connection)]


def ids(store: Store, wanted: DagFilter, paging: Paging | None = None) -> list[str]:
    with store.read() as connection:
        return [dag.dag_id for dag in dags.list_dags(connection, wanted, paging or Paging()).items]


def test_a_new_dag_is_paused_and_announced(store: Store) -> None:
    spec = msgspec.structs.replace(
        a_spec(tags=("b", "a")),
        owners=("ann",),
        description="about",
        display_name="ETL",
        timezone="Europe/Berlin",
    )
    assert save_spec(store, spec)
    with store.read() as connection:
        dag = dags.load_dag(connection, "etl")
    assert dag.is_paused
    assert dag.is_active
    assert (dag.version_number, dag.version_hash, dag.code_hash) == (1, compute_hash(spec), "c1")
    assert (dag.owners, dag.tags, dag.description, dag.display_name) == (["ann"], ["b", "a"], "about", "ETL")
    assert (dag.timezone, dag.task_count, dag.schedule_kind, dag.bundle, dag.file) == (
        "Europe/Berlin",
        2,
        "none",
        "dags",
        "etl.py",
    )
    assert (dag.created_at, dag.last_parsed_at) == (NOW, NOW)
    assert commands(store) == [SpecChanged(dag_id="etl")]


@pytest.mark.parametrize(("said", "paused"), [(True, True), (False, False), (None, False)])
def test_a_spec_decides_whether_its_dag_starts_paused(store: Store, said: bool | None, paused: bool) -> None:
    spec = msgspec.structs.replace(a_spec(), is_paused_upon_creation=said)
    with store.write() as connection:
        dags.save_spec(
            connection, spec, bundle="b", code_hash="c", source="", now=NOW, is_paused_at_creation=False
        )
        assert dags.load_dag(connection, "etl").is_paused is paused


def test_an_equal_spec_changes_nothing_but_the_time_it_was_seen(store: Store) -> None:
    save_spec(store, a_spec())
    with store.write() as connection:
        later = NOW + SECOND
        assert not dags.save_spec(
            connection, a_spec(), bundle="dags", code_hash="c1", source="code", now=later
        )
        assert dags.load_dag(connection, "etl").last_parsed_at == later
        assert len(versions.list_versions(connection, "etl")) == 1
    assert commands(store) == [SpecChanged(dag_id="etl")]


def save_at(store: Store, version: str | None, spec: DagSpec | None = None) -> bool:
    with store.write() as connection:
        return dags.save_spec(
            connection,
            spec or a_spec(),
            bundle="team",
            bundle_version=version,
            code_hash="c1",
            source="code",
            now=NOW,
        )


def test_an_equal_spec_in_another_version_of_the_bundle_is_told_and_kept_with_it(store: Store) -> None:
    assert save_at(store, "v1")
    assert not save_at(store, "v1")
    assert save_at(store, "v2")
    with store.read() as connection:
        newest = versions.load_newest_spec(connection, "etl")
        assert newest is not None
        assert (newest.number, newest.bundle_version) == (1, "v2")
        assert dags.load_dag(connection, "etl").bundle_version == "v2"
        assert [version.bundle_version for version in versions.list_versions(connection, "etl")] == ["v2"]
    assert commands(store) == [SpecChanged(dag_id="etl"), SpecChanged(dag_id="etl")]


def test_a_file_that_is_the_same_in_another_version_of_the_bundle_moves_the_version_in_force(
    store: Store,
) -> None:
    save_at(store, "v1")
    save_at(store, "v2", a_spec(tasks=3))
    file = a_spec().file
    with store.write() as connection:
        assert dags.set_bundle_version(connection, bundle="team", file=file, version="v3", now=NOW)
        assert not dags.set_bundle_version(connection, bundle="team", file=file, version="v3", now=NOW)
        assert not dags.set_bundle_version(connection, bundle="dags", file=file, version="v4", now=NOW)
        assert dags.load_dag(connection, "etl").bundle_version == "v3"
        found = versions.list_versions(connection, "etl")
    assert [(version.number, version.bundle_version) for version in found] == [(2, "v3"), (1, "v1")]
    assert len(commands(store)) == 3


def test_versions_of_a_bundle_are_in_use_by_unfinished_runs_and_by_what_is_in_force(store: Store) -> None:
    save_at(store, "v4")
    states = {"v1": RunState.SUCCESS, "v2": RunState.RUNNING, "v3": RunState.QUEUED}
    with store.write() as connection:
        for version, state in states.items():
            run = DagRunRecord(
                dag_id="etl",
                run_id=version,
                run_type=RunType.MANUAL,
                state=state,
                run_after=NOW,
                version_hash="h",
                bundle_version=version,
            )
            runs.insert_run(connection, run, now=NOW)
        assert runs.load_used_versions(connection, "team") == {"v2", "v3", "v4"}
        assert runs.load_used_versions(connection, "dags") == set()


def test_a_new_hash_is_a_new_version_and_the_old_one_stays(store: Store) -> None:
    old, new = a_spec(), a_spec(tasks=3)
    save_spec(store, old)
    assert save_spec(store, new)
    with store.read() as connection:
        newest = versions.load_newest_spec(connection, "etl")
        assert newest is not None
        assert (newest.spec, newest.number) == (new, 2)
        assert versions.load_spec(connection, "etl", compute_hash(old)).spec == old
        assert versions.load_numbered_spec(connection, "etl", 1).spec == old
        assert [version.number for version in versions.list_versions(connection, "etl")] == [2, 1]
        assert [stored.spec for stored in versions.load_active_specs(connection)] == [new]


def test_going_back_to_an_old_spec_puts_its_version_in_force_again(store: Store) -> None:
    save_spec(store, a_spec())
    save_spec(store, a_spec(tasks=3))
    assert save_spec(store, a_spec())
    with store.read() as connection:
        assert dags.load_dag(connection, "etl").version_number == 1
        assert len(versions.list_versions(connection, "etl")) == 2


def test_new_code_under_an_equal_spec_updates_the_version(store: Store) -> None:
    save_spec(store, a_spec(), source="old code")
    assert save_spec(store, a_spec(), code_hash="c2", source="new code")
    with store.read() as connection:
        newest = versions.load_newest_spec(connection, "etl")
        assert newest is not None
        assert (newest.number, newest.code_hash) == (1, "c2")
        assert versions.load_source(connection, "etl") == "new code"
        assert versions.load_source(connection, "etl", 1) == "new code"
        assert versions.load_source(connection, "etl", 2) is None


def test_new_points_of_a_custom_timetable_reach_the_scheduler_without_a_new_version(store: Store) -> None:
    schedule = CustomSchedule(class_path="my.Timetable")
    save_spec(store, msgspec.structs.replace(a_spec(), schedule=schedule))
    renewed = msgspec.structs.replace(schedule, points=(SchedulePoint(run_after=NOW),))
    assert save_spec(store, msgspec.structs.replace(a_spec(), schedule=renewed))
    with store.read() as connection:
        newest = versions.load_newest_spec(connection, "etl")
    assert newest is not None
    assert (newest.number, newest.spec.schedule) == (1, renewed)
    assert len(commands(store)) == 2


def test_unknown_versions_are_named(store: Store) -> None:
    save_spec(store, a_spec())
    with store.read() as connection:
        assert versions.load_newest_spec(connection, "nope") is None
        with pytest.raises(UnknownVersionError, match="'etl' has no version with the hash 'x'"):
            versions.load_spec(connection, "etl", "x")
        with pytest.raises(UnknownVersionError, match="'etl' has no version 7"):
            versions.load_numbered_spec(connection, "etl", 7)


def test_one_dag_in_two_files_is_refused_with_both_places(store: Store) -> None:
    save_spec(store, a_spec(file="a.py"))
    with pytest.raises(
        DuplicateDagError, match=r"'a\.py' of bundle 'dags' and again in 'b\.py' of bundle 'git'"
    ):
        save_spec(store, a_spec(file="b.py"), bundle="git")
    with store.read() as connection:
        assert dags.load_dag(connection, "etl").file == "a.py"


def test_a_dag_may_move_once_its_file_is_gone(store: Store) -> None:
    save_spec(store, a_spec(file="a.py"))
    with store.write() as connection:
        assert dags.mark_dags_gone(connection, ["etl", "never was"], now=NOW) == ["etl"]
        assert dags.mark_dags_gone(connection, ["etl"], now=NOW) == []
        assert not dags.load_dag(connection, "etl").is_active
        assert dags.load_files(connection) == {}
    assert save_spec(store, a_spec(file="b.py"))
    with store.read() as connection:
        assert dags.load_files(connection) == {("dags", "b.py"): ["etl"]}
    assert commands(store) == [SpecChanged(dag_id="etl"), DagGone(dag_id="etl"), SpecChanged(dag_id="etl")]


def test_a_dag_that_comes_back_unchanged_is_announced(store: Store) -> None:
    save_spec(store, a_spec())
    with store.write() as connection:
        dags.mark_dags_gone(connection, ["etl"], now=NOW)
    assert save_spec(store, a_spec())


def test_pausing_tells_the_scheduler_once(store: Store) -> None:
    save_spec(store, a_spec())
    with store.write() as connection:
        assert dags.set_paused(connection, "etl", False, now=NOW)
        assert not dags.set_paused(connection, "etl", False, now=NOW)
        assert not dags.load_dag(connection, "etl").is_paused
        with pytest.raises(UnknownDagError, match="'nope'"):
            dags.set_paused(connection, "nope", True, now=NOW)
    assert commands(store)[1:] == [PauseChanged(dag_id="etl", is_paused=False)]


def test_lists_are_filtered(store: Store) -> None:
    for dag_id, tags, owner in (("a1", ("x", "y"), "ann"), ("a2", ("x",), "bob"), ("b_1", (), 'q"o')):
        save_spec(
            store, msgspec.structs.replace(a_spec(dag_id, file=f"{dag_id}.py", tags=tags), owners=(owner,))
        )
    with store.write() as connection:
        dags.set_paused(connection, "a2", False, now=NOW)
        dags.mark_dags_gone(connection, ["b_1"], now=NOW)
    assert ids(store, DagFilter()) == ["a1", "a2"]
    assert ids(store, DagFilter(is_active=None)) == ["a1", "a2", "b_1"]
    assert ids(store, DagFilter(is_active=False)) == ["b_1"]
    assert ids(store, DagFilter(is_paused=True)) == ["a1"]
    assert ids(store, DagFilter(tags=["x", "y"])) == ["a1", "a2"]
    assert ids(store, DagFilter(tags=["x", "y"], all_tags=True)) == ["a1"]
    assert ids(store, DagFilter(owners=["bob", "ann"])) == ["a1", "a2"]
    assert ids(store, DagFilter(owners=['q"o'], is_active=None)) == ["b_1"]
    assert ids(store, DagFilter(owners=["an"])) == []
    assert ids(store, DagFilter(dag_id_pattern="A")) == ["a1", "a2"]
    assert ids(store, DagFilter(dag_id_pattern="_", is_active=None)) == ["b_1"]
    assert ids(store, DagFilter(dag_id_pattern="%2")) == ["a2"]
    assert ids(store, DagFilter(display_name_pattern="a")) == ["a1", "a2"]
    assert ids(store, DagFilter(dag_ids=["a1", "b_1"], bundle="dags", file="a1.py")) == ["a1"]


def test_lists_are_ordered_and_come_in_pages(store: Store) -> None:
    for dag_id in ("b", "c", "a"):
        save_spec(store, a_spec(dag_id, file=f"{dag_id}.py"))
    assert ids(store, DagFilter(), Paging(order_by=["-dag_id"])) == ["c", "b", "a"]
    assert ids(store, DagFilter(), Paging(limit=1, offset=1)) == ["b"]
    with store.read() as connection:
        assert dags.list_dags(connection, DagFilter(), Paging(limit=1)).total == 3
        with pytest.raises(
            InvalidOrderError, match="cannot be ordered by 'size'; possible: dag_display_name, dag_id"
        ):
            dags.list_dags(connection, DagFilter(), Paging(order_by=["-size"]))


def test_tags_are_listed_without_those_of_gone_dags(store: Store) -> None:
    save_spec(store, a_spec("a", file="a.py", tags=("x", "y")))
    save_spec(store, a_spec("b", file="b.py", tags=("y", "z")))
    with store.write() as connection:
        dags.mark_dags_gone(connection, ["b"], now=NOW)
        assert dags.load_tags(connection) == ["x", "y"]


def test_a_dag_s_assets_are_known(store: Store) -> None:
    table, view = (
        AssetSpec(name="table", uri="s3://table", extra={"k": 1}),
        AssetSpec(name="view", uri="s3://view"),
    )
    producer = DagSpec(
        dag_id="producer",
        file="p.py",
        tasks=(TaskSpec(task_id="load", outlets=(table, table, AssetAliasSpec(name="al")), inlets=(view,)),),
    )
    consumer = DagSpec(
        dag_id="consumer",
        file="c.py",
        schedule=AssetSchedule(
            condition=AssetAll(parts=(AssetRefSpec(name="table"), AssetRefSpec(uri="s3://none")))
        ),
    )
    save_spec(store, producer)
    save_spec(store, consumer)
    with store.read() as connection:
        page = assets.list_assets(connection, Paging(order_by=["name"]))
        only = assets.list_assets(
            connection, Paging(), dag_ids=["consumer"], name_pattern="tab", uri_pattern="s3"
        )
    assert page.total == 2
    assert [(asset.name, asset.extra) for asset in page.items] == [("table", {"k": 1}), ("view", {})]
    assert [(use.dag_id, use.role, use.task_id) for use in page.items[0].uses] == [
        ("consumer", "schedule", ""),
        ("producer", "outlet", "load"),
    ]
    assert only.items == [page.items[0]]

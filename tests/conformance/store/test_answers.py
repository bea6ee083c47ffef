"""What attempts ask of the platform."""

from __future__ import annotations

from contextlib import closing

import msgspec
import pytest

from etesian.lifecycle.state import RunState, TaskState
from etesian.protocol import requests
from etesian.protocol.commands import ClearTasks, RunRequested, TaskSelection
from etesian.protocol.reports import AssetEventReport, XComValue
from etesian.spec.codec import decode_dag
from etesian.spec.dag import DagSpec
from etesian.spec.task import GroupSpec, TaskSpec
from etesian.store import Store
from etesian.store.answers import answer
from etesian.store.batch import Batch
from etesian.store.bus import open_bus
from etesian.store.queries import connections, inbox, rendered_fields
from tests.conformance.store.samples import (
    DAY,
    NOW,
    SECOND,
    Recorded,
    Scheduler,
    a_run,
    a_spec,
    a_task,
    key_of,
    save_spec,
)
from tests.conformance.store.waiting import wait_for


@pytest.fixture
def scheduler(store: Store) -> Scheduler:
    save_spec(store, a_spec())
    scheduler = Scheduler(store)
    scheduler.save(a_run(), msgspec.structs.replace(a_task(state=TaskState.RUNNING), attempt_id="now"))
    return scheduler


def ask(store: Store, request: requests.Request) -> requests.Answer:
    return answer(store, request, now=NOW)


def push(attempt_id: str, *, task_id: str = "t0") -> requests.PushXCom:
    value = XComValue(key="k", value=b"1")
    return requests.PushXCom(
        id=1, attempt_id=attempt_id, dag_id="etl", run_id="r1", task_id=task_id, value=value
    )


def test_a_pushed_value_can_be_pulled(store: Store, scheduler: Scheduler) -> None:
    assert ask(store, push("now")) == requests.Done(id=1)
    found = ask(store, requests.GetXCom(id=2, dag_id="etl", run_id="r1", key="k"))
    item = requests.XComItem(task_id="t0", run_id="r1", key="k", value=b"1")
    assert found == requests.XComItems(id=2, items=(item,))


def test_an_attempt_that_is_over_cannot_push(store: Store, scheduler: Scheduler) -> None:
    refused = ask(store, push("earlier"))
    assert isinstance(refused, requests.Refused)
    assert "attempt earlier of etl.t0@r1 is over" in refused.reason
    assert isinstance(ask(store, push("now", task_id="t9")), requests.Refused)


def test_variables_are_set_got_and_deleted(store: Store) -> None:
    assert ask(store, requests.GetVariable(id=1, key="k")) == requests.FoundValue(id=1)
    assert ask(store, requests.SetVariable(id=2, key="k", value="v")) == requests.Done(id=2)
    assert ask(store, requests.GetVariable(id=3, key="k")) == requests.FoundValue(id=3, value="v")
    assert ask(store, requests.DeleteVariable(id=4, key="k")) == requests.Done(id=4)
    assert ask(store, requests.GetVariable(id=5, key="k")) == requests.FoundValue(id=5)
    assert isinstance(ask(store, requests.SetVariable(id=6, key="", value="v")), requests.Refused)


def test_connections_are_got_with_their_secrets(store: Store) -> None:
    record = connections.ConnectionRecord(
        conn_id="c", conn_type="http", host="h", port=1, password="p", extra="{}"
    )
    with store.write() as connection:
        connections.save_connection(connection, record, secrets=store.secrets, now=NOW)
    assert ask(store, requests.GetConnection(id=1, conn_id="c")) == requests.FoundConnection(
        id=1, found=True, conn_id="c", conn_type="http", host="h", port=1, password="p", extra="{}"
    )
    assert ask(store, requests.GetConnection(id=2, conn_id="d")) == requests.FoundConnection(id=2)


def test_runs_are_found_by_date_and_state_the_newest_first(store: Store, scheduler: Scheduler) -> None:
    scheduler.save(
        a_run("old", logical_date=NOW - DAY, state=RunState.SUCCESS),
        a_run("new", logical_date=NOW, state=RunState.FAILED),
    )

    def found(**wanted: object) -> list[str]:
        infos = ask(store, requests.GetRunStates(dag_id="etl", **wanted))  # type: ignore[arg-type]
        assert isinstance(infos, requests.RunInfos)
        return [run.run_id for run in infos.runs]

    assert found() == ["new", "old", "r1"]
    assert found(logical_dates=(NOW,)) == ["new"]
    assert found(states=("success", "running")) == ["old", "r1"]
    assert found(before=NOW) == ["old"]
    assert found(run_ids=("r1",), limit=1) == ["r1"]


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (
            requests.GetRunStates(id=1, dag_id="etl", states=("done",)),
            "GetRunStates cannot be answered: 'done' is",
        ),
        (requests.GetTaskStates(id=1, dag_id="etl", states=("done",)), "'done' is not a valid TaskState"),
        (requests.GetTaskStates(id=1, dag_id="etl", map_index=2**64 - 1), "be kept or looked for"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(
    store: Store, request_: requests.Request, reason: str
) -> None:
    refused = ask(store, request_)
    assert isinstance(refused, requests.Refused)
    assert refused.id == 1
    assert reason in refused.reason


def test_states_of_tasks_are_found_also_by_group(store: Store) -> None:
    groups = (GroupSpec(group_id="g"), GroupSpec(group_id="g.h", parent="g"), GroupSpec(group_id="i"))
    tasks = (
        TaskSpec(task_id="a", group="g"),
        TaskSpec(task_id="b", group="g.h"),
        TaskSpec(task_id="c", group="i"),
    )
    save_spec(store, DagSpec(dag_id="etl", file="etl.py", tasks=tasks, groups=groups))
    Scheduler(store).save(
        a_run(logical_date=NOW),
        a_task("a", state=TaskState.SUCCESS),
        a_task("b", map_index=0, state=TaskState.FAILED),
        a_task("c"),
    )

    def found(**wanted: object) -> list[tuple[str, int, str]]:
        states = ask(store, requests.GetTaskStates(dag_id="etl", **wanted))  # type: ignore[arg-type]
        assert isinstance(states, requests.TaskStates)
        assert all(item.logical_date == NOW for item in states.items)
        return [(item.task_id, item.map_index, item.state) for item in states.items]

    assert found() == [("a", -1, "success"), ("b", 0, "failed"), ("c", -1, "none")]
    assert found(group_id="g") == [("a", -1, "success"), ("b", 0, "failed")]
    assert found(group_id="g.h", logical_dates=(NOW,)) == [("b", 0, "failed")]
    assert found(task_ids=("a", "b"), map_index=0, run_ids=("r1",)) == [("b", 0, "failed")]
    assert found(states=("none",)) == [("c", -1, "none")]
    refused = ask(store, requests.GetTaskStates(dag_id="etl", group_id="no"))
    assert isinstance(refused, requests.Refused)
    assert "no task group 'no'" in refused.reason


def test_a_dag_is_found_with_its_spec(store: Store, scheduler: Scheduler) -> None:
    found = ask(store, requests.GetDag(id=1, dag_id="etl"))
    assert isinstance(found, requests.FoundDag)
    assert found.spec is not None
    assert decode_dag(found.spec) == a_spec()
    assert found.is_paused
    assert ask(store, requests.GetDag(id=2, dag_id="nope")) == requests.FoundDag(id=2)


def test_a_task_triggers_a_run_and_the_scheduler_is_woken(store: Store, scheduler: Scheduler) -> None:
    with closing(open_bus(store)) as bus, closing(bus.listen(["inbox"])) as bell:
        made = answer(store, requests.TriggerRun(id=1, dag_id="etl", run_id="mine"), now=NOW, bus=bus)
        assert made == requests.TriggeredRun(id=1, run_id="mine")
        wait_for(bell)
        assert bell.drain() == {"inbox"}
    with store.write() as connection:
        assert inbox.read(connection)[-1].command == RunRequested(dag_id="etl", run_id="mine")
    again = ask(store, requests.TriggerRun(id=2, dag_id="etl", run_id="mine"))
    assert again == requests.TriggeredRun(id=2, run_id="mine", already_exists=True)
    assert isinstance(ask(store, requests.TriggerRun(dag_id="nope")), requests.Refused)


def test_a_taken_date_names_the_run_that_has_it(store: Store, scheduler: Scheduler) -> None:
    scheduler.save(a_run("theirs", logical_date=NOW))
    again = ask(store, requests.TriggerRun(id=2, dag_id="etl", run_id="mine", logical_date=NOW))
    assert again == requests.TriggeredRun(id=2, run_id="theirs", already_exists=True)


def test_clearing_a_run_goes_through_the_inbox(store: Store, scheduler: Scheduler) -> None:
    assert ask(store, requests.ClearRun(id=1, dag_id="etl", run_id="r1")) == requests.Done(id=1)
    with store.write() as connection:
        command = inbox.read(connection)[-1].command
    assert command == ClearTasks(selection=TaskSelection(dag_id="etl", run_ids=("r1",)))
    assert isinstance(ask(store, requests.ClearRun(dag_id="etl", run_id="r9")), requests.Refused)


def test_asset_events_are_given_the_oldest_first(store: Store, scheduler: Scheduler) -> None:
    reports = [AssetEventReport(name="a", uri="s3://a", alias="al", extra={"n": number}) for number in (1, 2)]
    for number, report in enumerate(reports):
        scheduler.write(
            Batch(now=NOW + number * SECOND, asset_events=[Recorded((report,), key_of(), "task")])
        )
    found = ask(store, requests.GetAssetEvents(id=1, uri="s3://a"))
    assert isinstance(found, requests.FoundValue)
    assert found.value is not None
    events = msgspec.json.decode(found.value, type=list[requests.AssetEventItem])
    assert [event.extra for event in events] == [{"n": 1}, {"n": 2}]
    assert events[0] == requests.AssetEventItem(
        name="a",
        uri="s3://a",
        extra={"n": 1},
        timestamp=NOW,
        source_dag_id="etl",
        source_run_id="r1",
        source_task_id="t0",
        aliases=("al",),
    )
    assert ask(store, requests.GetAssetEvents(id=2, alias="none")) == requests.FoundValue(id=2, value="[]")


def test_rendered_fields_are_kept_while_the_attempt_is_open(store: Store, scheduler: Scheduler) -> None:
    assert ask(store, requests.SetRenderedFields(attempt_id="now", fields=b'{"a":1}')) == requests.Done()
    with store.read() as connection:
        assert rendered_fields.load_rendered_fields(connection, key_of()) == b'{"a":1}'
    assert isinstance(
        ask(store, requests.SetRenderedFields(attempt_id="past", fields=b"{}")), requests.Refused
    )

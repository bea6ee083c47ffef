"""A clear follows the markers among what it clears into other DAGs."""

from __future__ import annotations

from datetime import UTC, datetime

from etesian.foundation.clock import utc_now
from etesian.lifecycle.records import RunKey, TaskKey
from etesian.lifecycle.state import RunState
from etesian.protocol.commands import ClearTasks, RunRequested, TaskSelection
from etesian.scheduler.shell.markers import follow_markers
from etesian.spec.dag import DagSpec
from etesian.spec.task import MarkerSpec, TaskSpec
from etesian.store.queries.rendered_fields import save_rendered_fields
from etesian.store.queries.runs import load_run
from etesian.store.run_requests import RunRequest, request_run
from tests.integration.scheduler.conftest import PlayedExecutor, Stage, eventually

DAY = datetime(2030, 1, 2, tzinfo=UTC)


def chained(dag_id: str, marker: MarkerSpec | None) -> DagSpec:
    """Return a DAG of three empty tasks, the middle one of which may be a marker."""
    return DagSpec(
        dag_id=dag_id,
        file=f"{dag_id}.py",
        tasks=(
            TaskSpec(task_id="first", is_empty=True),
            TaskSpec(task_id="middle", is_empty=True, upstream=("first",), marker=marker),
            TaskSpec(task_id="last", is_empty=True, upstream=("middle",)),
        ),
    )


def run_once(stage: Stage, spec: DagSpec) -> None:
    """Store a DAG and run it for the day, to its end."""
    stage.save_dag(spec)
    wanted = RunRequest(dag_id=spec.dag_id, run_id="day", logical_date=DAY)
    with stage.store.write() as connection:
        request_run(connection, wanted, now=utc_now())
    stage.ring()
    eventually(lambda: stage.run_state(spec.dag_id, "day") is RunState.SUCCESS)


def clears_of(stage: Stage, dag_id: str) -> int:
    """Return how many times a DAG's run of the day was cleared."""
    with stage.store.read() as connection:
        return load_run(connection, RunKey(dag_id, "day")).clear_number


def follow(stage: Stage, task_id: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return which DAGs and tasks a clear of a task of ``a`` brings with it."""
    selection = TaskSelection(dag_id="a", run_ids=("day",), task_ids=(task_id,), downstream=True)
    with stage.store.read() as connection:
        found = follow_markers(connection, ClearTasks(selection=selection))
    return [(clear.selection.dag_id, clear.selection.task_ids) for clear in found]


def test_what_a_marker_marks_is_cleared_with_all_that_follows_it(stage: Stage) -> None:
    stage.start_scheduler(PlayedExecutor())
    run_once(stage, chained("b", None))
    run_once(stage, chained("a", MarkerSpec(dag_id="b", task_id="middle")))

    selection = TaskSelection(dag_id="a", run_ids=("day",), task_ids=("first",), downstream=True)
    stage.send(ClearTasks(selection=selection))

    eventually(lambda: clears_of(stage, "b") == 1)
    assert clears_of(stage, "a") == 1
    eventually(lambda: stage.run_state("b", "day") is RunState.SUCCESS)


def test_a_run_that_was_finished_before_its_request_is_read_can_be_cleared(stage: Stage) -> None:
    stage.start_scheduler(PlayedExecutor())
    run_once(stage, chained("a", None))
    stage.send(RunRequested(dag_id="a", run_id="day"))
    eventually(stage.inbox_is_empty)
    stage.send(ClearTasks(selection=TaskSelection(dag_id="a", run_ids=("day",))))
    eventually(lambda: clears_of(stage, "a") == 1)


def test_markers_are_followed_from_dag_to_dag_as_deep_as_the_first_one_says(stage: Stage) -> None:
    stage.start_scheduler(PlayedExecutor())
    run_once(stage, chained("c", MarkerSpec(dag_id="a", task_id="first")))
    run_once(stage, chained("b", MarkerSpec(dag_id="c", task_id="first")))
    run_once(stage, chained("a", MarkerSpec(dag_id="b", task_id="first", recursion_depth=2)))
    assert follow(stage, "middle") == [("b", ("first",)), ("c", ("first",))]
    assert follow(stage, "last") == []


def test_a_circle_of_markers_ends(stage: Stage) -> None:
    stage.start_scheduler(PlayedExecutor())
    run_once(stage, chained("b", MarkerSpec(dag_id="a", task_id="first")))
    run_once(stage, chained("a", MarkerSpec(dag_id="b", task_id="first")))
    assert follow(stage, "middle") == [("b", ("first",)), ("a", ("first",))]


def test_a_marker_means_the_texts_that_it_rendered(stage: Stage) -> None:
    stage.start_scheduler(PlayedExecutor())
    run_once(stage, chained("b", None))
    template = MarkerSpec(dag_id="{{ params.dag }}", task_id="last", logical_date="{{ ds }}")
    run_once(stage, chained("a", template))
    assert follow(stage, "middle") == []
    with stage.store.write() as connection:
        fields = (
            b'{"external_dag_id":"b","external_task_id":"last","logical_date":"2030-01-02T00:00:00+00:00"}'
        )
        save_rendered_fields(connection, TaskKey("a", "day", "middle"), fields)
    assert follow(stage, "middle") == [("b", ("last",))]

"""What must hold after every batch, seen from the store's rows alone (numbers as in the list of promises).

1 one owner per attempt; 2 every state has an exit; 3 success is recorded if it is acknowledged; 4 trigger rules hold;
5 limits are kept; 6 one run per schedule point; 8 callbacks run; 9 nobody starves; 12 replay decides the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from etesian.lifecycle.records import DagRunRecord, RunKey, TaskInstanceRecord, TaskKey
from etesian.lifecycle.state import OCCUPYING_STATES, RunState, TaskState
from etesian.lifecycle.trigger_rules import UpstreamCounts, Verdict, evaluate_rule, evaluate_setups
from etesian.protocol.commands import ClearTasks, DeleteRun, MarkRun, MarkTasks
from etesian.protocol.workloads import RunTask
from etesian.scheduler.core.decisions import Decision, Dispatch, SaveCallback
from etesian.scheduler.core.events import Event, PoolsSet, RunLoaded, SpecUpdated
from etesian.scheduler.core.graph import DagGraph, GraphTask
from etesian.scheduler.core.settings import CoreSettings
from tests.simulation.store import Store

S = TaskState
COMMANDS = (ClearTasks, MarkTasks, MarkRun, DeleteRun)


@dataclass
class Checker:
    """Looks at the store after each commit."""

    store: Store
    settings: CoreSettings
    before: dict[TaskKey, TaskInstanceRecord] = field(default_factory=dict)
    graphs: dict[tuple[str, str], DagGraph] = field(default_factory=dict)
    saved_callbacks: set[str] = field(default_factory=set)
    is_quiet: bool = True  #: the store was written by the scheduler last

    def check(
        self,
        events: Sequence[Event],
        decisions: Sequence[Decision],
        now: datetime,
        next_wake: datetime | None,
    ) -> None:
        """Check everything that can be seen now."""
        if not decisions:
            return
        rows = {key: record for tasks in self.store.tasks.values() for key, record in tasks.items()}
        queued = [each.workload for each in decisions if isinstance(each, Dispatch)]
        self.saved_callbacks |= {
            each.callback.callback_id for each in decisions if isinstance(each, SaveCallback)
        }
        for record in rows.values():
            self._check_exits(record)
        fresh = [each for each in queued if isinstance(each, RunTask)]
        for task in fresh:
            self._check_dispatch(task, rows)
        self._check_limits(fresh, rows)
        self._check_final(events, rows)
        self._check_work_is_done(rows, next_wake)
        self._check_runs(now, events)
        self.before = rows

    def _check_exits(self, record: TaskInstanceRecord) -> None:
        """2: every state that is not final has what leaves it."""
        match record.state:
            case S.QUEUED | S.RUNNING | S.RESTARTING:
                assert record.attempt_id is not None, f"{record.key} is {record.state} without an attempt"
            case S.UP_FOR_RETRY | S.UP_FOR_RESCHEDULE:
                assert record.wake_at is not None, f"{record.key} is {record.state} without an alarm"
            case S.DEFERRED:
                assert record.trigger_id in self.store.triggers, f"{record.key} waits for no trigger"
            case _:
                assert record.attempt_id is None, f"{record.key} is {record.state} with an attempt"
        if record.state not in OCCUPYING_STATES:
            return
        run = self.store.runs[record.key.run_key]
        assert not run.state.is_final, f"{record.key} is {record.state} in a run that is {run.state}"

    def _check_dispatch(self, task: RunTask, rows: dict[TaskKey, TaskInstanceRecord]) -> None:
        """1, 4: the store knows the attempt, and the rule of its task holds."""
        key = TaskKey(task.run.dag_id, task.run.run_id, task.task_id, task.map_index)
        record = rows[key]
        assert record.state is S.QUEUED, f"{key} was dispatched, but it is {record.state}"
        assert record.attempt_id == task.attempt_id, (
            f"{key} was dispatched with an attempt that is not its own"
        )
        old = self.before.get(key)
        goes_on = task.resume is not None or task.first_started_at is not None
        if goes_on or (old is not None and old.state in {S.QUEUED, S.RUNNING}):
            return
        verdict = self._judge(record, rows)
        assert verdict is Verdict.RUN, f"{key} was dispatched, but its trigger rule says {verdict}"

    def graph_of(self, run: DagRunRecord) -> DagGraph:
        """Return the DAG version of a run."""
        name = (run.dag_id, run.version_hash)
        if name not in self.graphs:
            spec = self.store.dags[run.dag_id].versions[int(run.version_hash[1:]) - 1]
            self.graphs[name] = DagGraph(spec, version_hash=name[1], code_hash=name[1], bundle="dags")
        return self.graphs[name]

    def _judge(self, record: TaskInstanceRecord, rows: dict[TaskKey, TaskInstanceRecord]) -> Verdict:
        run = self.store.runs[record.key.run_key]
        graph = self.graph_of(run)
        task = graph.tasks[graph.index[record.task_id]]
        tasks = self.store.tasks[record.key.run_key].values()
        setups = _count(graph, tasks, task.setups, None)
        setups = setups.plus(_count(graph, tasks, task.setups_within, record.map_index))
        if setups.total and (verdict := evaluate_setups(setups)) is not Verdict.RUN:
            return verdict
        counts = _count(graph, tasks, task.upstream, None)
        counts = counts.plus(_count(graph, tasks, task.upstream_within, record.map_index))
        return evaluate_rule(task.spec.trigger_rule, counts)

    def _accounts(self, record: TaskInstanceRecord) -> Iterator[tuple[tuple[str, ...], int, int | None]]:
        """Yield each account that a task instance takes slots of: its name, the slots, the limit."""
        run = self.store.runs[record.key.run_key]
        graph = self.graph_of(run)
        yield ("parallelism",), 1, self.settings.parallelism
        slots = self.store.pools[record.pool][0]
        yield ("pool", record.pool), record.pool_slots, None if slots < 0 else slots
        yield ("run", *record.key.run_key), 1, graph.spec.max_active_tasks
        if record.task_id in graph.index:
            spec = graph.tasks[graph.index[record.task_id]].spec
            yield ("task", record.dag_id, record.task_id), 1, spec.max_active_per_dag
            yield ("task in run", *record.key.run_key, record.task_id), 1, spec.max_active_per_run

    def _used(self, rows: dict[TaskKey, TaskInstanceRecord]) -> Counter[tuple[str, ...]]:
        used: Counter[tuple[str, ...]] = Counter()
        for record in rows.values():
            if record.state in OCCUPYING_STATES:
                for name, slots, _ in self._accounts(record):
                    used[name] += slots
            elif record.state in {S.DEFERRED, S.AWAITING_INPUT} and self.store.pools[record.pool][1]:
                used["pool", record.pool] += record.pool_slots
        return used

    def _check_limits(self, fresh: Sequence[RunTask], rows: dict[TaskKey, TaskInstanceRecord]) -> None:
        """5: what was just dispatched fits."""
        if not fresh:
            return
        used = self._used(rows)
        for task in fresh:
            record = rows[TaskKey(task.run.dag_id, task.run.run_id, task.task_id, task.map_index)]
            if (
                self.before.get(record.key) is not None
                and self.before[record.key].attempt_id == task.attempt_id
            ):
                continue
            for name, _, limit in self._accounts(record):
                is_changing = name[0] == "task" and len(self.store.dags[record.dag_id].versions) > 1
                if limit is not None and not is_changing:  # versions may differ in it
                    assert used[name] <= limit, f"{record.key}: {name} has {used[name]} of {limit}"

    def _check_final(self, events: Sequence[Event], rows: dict[TaskKey, TaskInstanceRecord]) -> None:
        """1: a final state is left by a command only; what was acknowledged is recorded."""
        if any(isinstance(event, (RunLoaded, *COMMANDS)) for event in events):
            return
        for key, old in self.before.items():
            new = rows.get(key)
            if old.state.is_final and old.state is not S.REMOVED and new is not None:
                assert new.state in {old.state, S.REMOVED}, (
                    f"{key} went from {old.state} to {new.state} by itself"
                )

    def _check_work_is_done(
        self, rows: dict[TaskKey, TaskInstanceRecord], next_wake: datetime | None
    ) -> None:
        """9: nothing waits that could go on."""
        used = self._used(rows)
        waiting_in_pool = [record for record in rows.values() if record.state is S.SCHEDULED]
        for record in rows.values():
            run = self.store.runs[record.key.run_key]
            if run.state is not RunState.RUNNING:
                continue
            if record.state is S.SCHEDULED and not self.store.dags[record.dag_id].is_paused:
                is_blocked = any(
                    limit is not None and used[name] + slots > limit
                    for name, slots, limit in self._accounts(record)
                )
                is_behind = any(
                    other.pool == record.pool and other.pool_slots > record.pool_slots
                    for other in waiting_in_pool
                )
                assert is_blocked or is_behind, f"{record.key} could start, but does not"
            elif record.state is S.NONE:
                self._check_waits_for_something(record, run, rows)
            elif record.state in {S.UP_FOR_RETRY, S.UP_FOR_RESCHEDULE}:
                assert record.wake_at is not None
                assert next_wake is not None
                assert next_wake <= record.wake_at, f"{record.key} is {record.state} and oversleeps"

    def _check_waits_for_something(
        self, record: TaskInstanceRecord, run: DagRunRecord, rows: dict[TaskKey, TaskInstanceRecord]
    ) -> None:
        graph = self.graph_of(run)
        task = graph.tasks[graph.index[record.task_id]]
        verdict = self._judge(record, rows)
        if verdict is Verdict.WAIT:
            assert record.skipped_by is None, f"{record.key} was skipped by a branch, but waits"
            return
        if (
            verdict is Verdict.RUN
            and task.expansion is not None
            and self._is_source_open(task, record.key.run_key)
        ):
            return
        may_wait_for_past = verdict is Verdict.RUN or task.spec.wait_for_past_depends_before_skipping
        waits_for_past = task.uses_past and may_wait_for_past
        assert waits_for_past, f"{record.key} waits for nothing: its rule says {verdict}"

    def _is_source_open(self, task: GraphTask, run_key: RunKey) -> bool:
        assert task.expansion is not None
        sources = {task_id for task_id, _ in task.expansion.sources}
        tasks = self.store.tasks[run_key].values()
        return any(record.task_id in sources and not record.state.is_final for record in tasks)

    def _check_runs(self, now: datetime, events: Sequence[Event]) -> None:
        """5, 9: as many runs as allowed, and no fewer than could."""
        if any(isinstance(event, (SpecUpdated, PoolsSet, *COMMANDS)) for event in events):
            return
        for dag_id, row in self.store.dags.items():
            runs = [run for run in self.store.runs.values() if run.dag_id == dag_id]
            normal = [run for run in runs if run.backfill_id not in self.store.backfills]
            running = sum(run.state is RunState.RUNNING for run in normal)
            limit = row.newest[0].max_active_runs
            waiting = [run for run in normal if run.state is RunState.QUEUED and run.run_after <= now]
            if waiting and not row.is_paused:
                assert running >= limit, f"{waiting[0].key} could start: {running} of {limit} run"
            for run in runs:
                if run.state is RunState.RUNNING:
                    open_tasks = [
                        each for each in self.store.tasks.get(run.key, {}).values() if not each.state.is_final
                    ]
                    assert open_tasks, f"{run.key} is running, but all its tasks are done"


def _count(
    graph: DagGraph, tasks: Sequence[TaskInstanceRecord], numbers: Sequence[int], map_index: int | None
) -> UpstreamCounts:
    counts = UpstreamCounts()
    names = {graph.tasks[number].task_id: graph.tasks[number] for number in numbers}
    if not names:
        return counts
    for record in tasks:
        task = names.get(record.task_id)
        if (
            task is None
            or record.state is S.REMOVED
            or (map_index is not None and record.map_index != map_index)
        ):
            continue
        counts.expect(1, is_setup=task.spec.is_setup)
        counts.add(record.state, 1, is_setup=task.spec.is_setup)
    return counts

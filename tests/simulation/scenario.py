"""One scenario: random DAGs, faults and commands from a seed; then calm, until everything has ended."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import msgspec

from etesian.lifecycle.records import RunKey
from etesian.lifecycle.state import RunState, TaskState
from etesian.protocol.commands import (
    AssetsChanged,
    ChangeBackfill,
    DeleteRun,
    MarkRun,
    PauseChanged,
    TriggerFired,
)
from etesian.scheduler.core.events import AttemptsHeld, AttemptsLost, Event, PoolsSet, RunAdded
from etesian.scheduler.core.graph import DagGraph
from etesian.scheduler.core.settings import CoreSettings
from etesian.spec.asset import AssetAll, AssetSpec
from etesian.spec.schedule import AssetSchedule
from etesian.timetables import points_between
from tests.simulation.commands import choose_backfill, choose_run_command
from tests.simulation.dags import START, change_dag, make_dag
from tests.simulation.insight import describe, find_difference
from tests.simulation.invariants import Checker
from tests.simulation.scheduler import Scheduler
from tests.simulation.store import DagRow, FencedError, Store
from tests.simulation.workers import Worker, choose_asset_events

POOLS = {"default_pool": (4, False), "narrow": (2, True), "wide": (-1, False)}
#: Turns after which a calm platform must have finished everything.
MAX_CALM_TURNS = 4000
#: Turns without any change of a row after which only a timer, or a user, can move anything.
PATIENCE = 4


class Scenario:
    """The whole platform in one process, driven by one random number generator."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.now = START
        self.store = Store(pools=dict(POOLS))
        self.settings = CoreSettings(
            ids_seed=seed.to_bytes(8, "big"), parallelism=self.random.choice((2, 4, 32)), max_dispatches=3
        )
        self.workers = {name: Worker(name, self.random) for name in ("north", "south")}
        self.checker = Checker(self.store, self.settings)
        self.manual_runs = 0
        self.newest_date = self.latest = START
        self.has_forgotten = False
        self.backfills = 0
        self.idle_turns = 0
        for number in range(self.random.choice((1, 1, 2))):
            self.store.dags[f"d{number}"] = DagRow([make_dag(self.random, f"d{number}", START)])
        self._tell_workers()
        self.leader = self._elect()

    def play(self) -> None:
        """Live through faults, then through calm, and check the end."""
        for _ in range(self.random.randint(5, 25)):
            self._live()
        self._calm_down()
        self._check_end()

    # A scheduler's life

    def _elect(self) -> Scheduler:
        return Scheduler(
            self.store,
            self.settings,
            self.workers,
            self.now,
            self.checker.check,
            lambda: self.random.choice(("north", "south")),
        )

    def _restart(self) -> None:
        """The leader dies or is replaced; if it still believes to lead, the store refuses its writes."""
        self.leader.batch([], self.now)
        while (due := self.leader.core.next_wake()) is not None and due <= self.now:
            self.leader.batch([], self.now)  # one batch may leave work for the next one
        self._replay()
        old, rows = self.leader, self.store.snapshot()
        self.leader = self._elect()
        if self.now >= self.latest and not self.has_forgotten:
            # With the clock set back, a schedule without catch-up finds a point ahead again that it had passed over.
            # A run whose past was deleted has none, until a new leader looks for the run before that; and a new
            # leader does not know of a cancelled backfill.
            assert self.store.snapshot() == rows, "a new leader changed rows although nothing had happened"
            difference = find_difference(describe(old.core), describe(self.leader.core))
            assert difference is None, f"a new leader sees it otherwise: {difference}"
        rows = self.store.snapshot()
        try:
            old.batch(self._hear(), self.now)
        except FencedError:
            pass
        else:
            raise AssertionError("a scheduler that does not lead any more has written")
        assert self.store.snapshot() == rows
        for worker in self.workers.values():
            self._report_held(worker)

    def _replay(self) -> None:
        """12: in every fourth scenario, as it costs as much again."""
        if self.seed % 4 == 0:
            self.leader.replay()

    def _hear(self) -> list[Event]:
        """Return what workers have said since the last time."""
        events: list[Event] = []
        for worker in self.workers.values():
            worker.work(self.now)
            events += worker.to_scheduler
            worker.to_scheduler = []
        return events

    def _report_held(self, worker: Worker) -> None:
        held = frozenset(worker.held)
        self.leader.batch(
            [AttemptsHeld(executor="local", hostname=worker.hostname, attempt_ids=held)], self.now
        )

    # What happens

    def _live(self) -> None:
        """Let time pass and something happen."""
        self._pass_time()
        dies = self.random.random() < 0.05
        self.leader.batch(self._hear(), self.now, dies=dies)
        chance = self.random.random()
        if dies or chance < 0.05:
            self._restart()
        elif chance < 0.14:
            self._lose_worker()
        elif chance < 0.3:
            self._report_held(self.random.choice(list(self.workers.values())))
        elif chance < 0.45:
            self._fire_triggers()
        elif chance < 0.6:
            self._trigger_run()
        elif chance < 0.85:
            self._command()

    def _pass_time(self) -> None:
        chance = self.random.random()
        if chance < 0.3:
            due = self.leader.core.next_wake()
            if due is not None:
                self.now = max(self.now, due)
        elif chance < 0.35:
            self.now -= timedelta(seconds=self.random.choice((1, 120)))
        elif chance < 0.4:
            self.now += timedelta(hours=1)
        else:
            self.now += timedelta(seconds=self.random.choice((0.001, 1, 30)))

        self.latest = max(self.latest, self.now)

    def _lose_worker(self) -> None:
        worker = self.random.choice(list(self.workers.values()))
        lost = worker.die()
        if self.random.random() < 0.5:
            self.leader.batch(
                [AttemptsLost(attempt_ids=frozenset(lost), reason="the host is gone")], self.now
            )
        else:
            self._report_held(worker)

    def _fire_triggers(self) -> None:
        for trigger_id in list(self.store.triggers):
            if self.random.random() < 0.5:
                self._fire(trigger_id)

    def _fire(self, trigger_id: str) -> None:
        del self.store.triggers[trigger_id]
        self.leader.batch([TriggerFired(trigger_id=trigger_id, event=b"1")], self.now)

    def _trigger_run(self) -> None:
        self.manual_runs += 1
        dag_id = self.random.choice(list(self.store.dags))
        # A run's past is looked up when it starts: dates that are added behind it later do not count.
        self.newest_date = max(self.newest_date + timedelta(milliseconds=1), self.now)
        run = self.store.insert_run(dag_id, f"manual__{self.manual_runs}", self.now, self.newest_date)
        self.leader.batch([RunAdded(run=run)], self.now)

    def _command(self) -> None:
        chance = self.random.random()
        dag_id = self.random.choice(list(self.store.dags))
        if chance < 0.12:
            self._set_paused(dag_id, is_paused=not self.store.dags[dag_id].is_paused)
        elif chance < 0.2:
            self.store.pools["narrow"] = (self.random.choice((0, 1, 2, 3)), self.random.random() < 0.5)
            self.leader.batch([PoolsSet(pools=dict(self.store.pools))], self.now)
        elif chance < 0.26:
            events = choose_asset_events(self.random, 0.7)
            self.leader.batch([AssetsChanged(events=events)], self.now)
        elif chance < 0.32:
            self._backfill()
        elif chance < 0.4:
            row = self.store.dags[dag_id]
            row.versions.append(change_dag(self.random, row.newest[0], START))
            self._tell_workers()
            self.leader.batch([self.store.spec_updated(dag_id)], self.now)
        else:
            self._command_run()

    def _backfill(self) -> None:
        self.backfills += 1
        command = choose_backfill(self.random, self.store, self.backfills)
        rows = self.store.backfills
        if isinstance(command, ChangeBackfill):
            is_paused = command.action == "pause"
            rows[command.backfill_id] = msgspec.structs.replace(
                rows[command.backfill_id], is_paused=is_paused
            )
            self.has_forgotten |= command.action == "cancel"
            self.leader.batch([command], self.now)
        else:
            rows[command.backfill_id] = self.store.backfill_loaded(command)
            self.leader.batch([rows[command.backfill_id]], self.now)

    def _command_run(self) -> None:
        command = choose_run_command(self.random, self.store)
        if command is not None:
            self.has_forgotten |= isinstance(command, DeleteRun)
            self.leader.command(command, self.now)

    def _set_paused(self, dag_id: str, *, is_paused: bool) -> None:
        self.store.dags[dag_id].is_paused = is_paused
        self.leader.batch([PauseChanged(dag_id=dag_id, is_paused=is_paused)], self.now)

    def _tell_workers(self) -> None:
        """User code knows what is below a task, to choose branches."""
        for dag_id, row in self.store.dags.items():
            graph = DagGraph(row.newest[0], version_hash="", code_hash="", bundle="")
            below = {
                task.task_id: tuple(graph.tasks[number].task_id for number in graph.direct_downstream(task))
                for task in graph.tasks
            }
            for worker in self.workers.values():
                worker.downstream[dag_id] = below

    # The end

    def _calm_down(self) -> None:
        """No more faults; everything must come to its end, and what cannot must say why."""
        self.store.pools = dict(POOLS)
        self.leader.batch([PoolsSet(pools=dict(POOLS))], self.now)
        for backfill_id in list(self.store.backfills):
            self.leader.batch([ChangeBackfill(backfill_id=backfill_id, action="unpause")], self.now)
        for worker in self.workers.values():
            worker.is_calm = True
            self._report_held(worker)
        for _ in range(MAX_CALM_TURNS):
            if self._is_over():
                return
            self._live_calmly()
        raise AssertionError(f"not finished after {MAX_CALM_TURNS} calm turns: {self._open_runs()}")

    def _live_calmly(self) -> None:
        for dag_id, row in self.store.dags.items():
            if row.is_paused:
                self.idle_turns = 0
                self._set_paused(dag_id, is_paused=False)
        before = self._progress()
        for trigger_id in list(self.store.triggers):
            self._fire(trigger_id)
        self.leader.batch(self._hear(), self.now)
        self.idle_turns = 0 if self._progress() != before else self.idle_turns + 1
        if self.idle_turns < PATIENCE or self._is_over():
            return
        due = self.leader.core.next_wake()
        if due is not None:
            self.now = max(self.now, due)
            self.leader.batch([], self.now)
        else:
            self._release_stuck()

    def _progress(self) -> tuple[object, ...]:
        workers = self.workers.values()
        return (
            self.store.changes,
            [len(each.started) for each in workers],
            [list(each.held) for each in workers],
        )

    def _release_stuck(self) -> None:
        """Only a failed run before may keep a run waiting for ever; a user would mark it."""
        open_runs = self._open_runs()
        held = [worker.held for worker in self.workers.values()]
        assert open_runs, f"nothing happens any more, but there are {list(self.store.callbacks)} and {held}"
        for key in open_runs:
            for task_key, record in self.store.tasks.get(key, {}).items():
                if record.state is TaskState.NONE:
                    kinds = {blocker.kind for blocker in self.leader.core.blockers(task_key, self.now)}
                    assert kinds, f"{task_key} waits, and nobody knows why"
                    assert kinds <= {"past", "upstream", "setup", "mapping", "run"}, (
                        f"{task_key} is stuck: {kinds}"
                    )
        first = min(open_runs, key=lambda key: (self.store.runs[key].run_after, key))
        self.leader.command(MarkRun(dag_id=first.dag_id, run_id=first.run_id, state="success"), self.now)

    def _open_runs(self) -> list[RunKey]:
        return [key for key, run in self.store.runs.items() if not run.state.is_final]

    def _is_over(self) -> bool:
        return (
            not self._open_runs()
            and not any(row.is_paused for row in self.store.dags.values())
            and self.leader.core.next_wake() is None
            and not self.store.callbacks
            and not self.store.backfills
            and not self.leader.unheard
            and not any(worker.held for worker in self.workers.values())
        )

    def _check_end(self) -> None:
        self._replay()
        for run in self.store.runs.values():
            assert run.state in {RunState.SUCCESS, RunState.FAILED}
            tasks = self.store.tasks.get(run.key, {}).values()
            assert all(record.state.is_final for record in tasks), f"{run.key} is {run.state} with open tasks"
        started = [attempt_id for worker in self.workers.values() for attempt_id in worker.started]
        assert len(started) == len(set(started)), "user code began twice within one attempt"
        self._check_schedule()
        self._check_assets()

    def _check_assets(self) -> None:
        """7: no event that could cause a run is left unused."""
        for dag_id, row in self.store.dags.items():
            schedule = row.newest[0].schedule
            if isinstance(schedule, AssetSchedule):
                wanted = (
                    schedule.condition.parts
                    if isinstance(schedule.condition, AssetAll)
                    else (schedule.condition,)
                )
                names = {event.item.name for event in self.store.asset_events_known(dag_id).events}
                held_by_all = all(isinstance(part, AssetSpec) and part.name in names for part in wanted)
                assert not held_by_all, f"{dag_id} has unused events of {names}"

    def _check_schedule(self) -> None:
        """6: with catch-up from the first version on, every point has its run."""
        for dag_id, row in self.store.dags.items():
            spec = row.newest[0]
            assert spec.start_date is not None
            assert spec.end_date is not None
            made = {point.run_after for point in self.store.points.get(dag_id, [])}
            taken = self.store.dates.get(dag_id, set())
            if spec.catchup:
                points = points_between(spec.schedule, spec.start_date, spec.end_date)
                missing = {point.run_after for point in points if point.logical_date not in taken} - made
                assert not missing, f"{dag_id}: no runs for {missing}"


def play(seed: int) -> None:
    """Play one scenario; the error names the command that plays it again."""
    try:
        Scenario(seed).play()
    except Exception as error:
        raise AssertionError(f"seed {seed} failed; replay: python -m tests.simulation {seed}") from error

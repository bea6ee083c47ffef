"""The scheduler's decisions, all in one place and without any effect on the world."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from etesian.lifecycle.records import RunKey, TaskKey
from etesian.protocol.commands import (
    AnswerInput,
    AssetsChanged,
    ChangeBackfill,
    ClearTasks,
    CreateBackfill,
    DagGone,
    DeleteDag,
    DeleteRun,
    MarkRun,
    MarkTasks,
    PauseChanged,
    SetNote,
    TriggerFired,
)
from etesian.protocol.reports import Claim, Finished
from etesian.scheduler.core import (
    assets,
    attempts,
    backfills,
    callbacks,
    claims,
    clear,
    deadlines,
    deferral,
    delete,
    known,
    mark,
    outcomes,
    past,
    recovery,
    runs,
)
from etesian.scheduler.core.blockers import Blocker, explain_run, explain_task
from etesian.scheduler.core.decisions import Decision, SaveRun, SaveTaskInstance
from etesian.scheduler.core.dispatch import choose_dispatches
from etesian.scheduler.core.events import (
    AssetEventsKnown,
    AttemptsHeld,
    AttemptsLost,
    BackfillLoaded,
    CallbackDone,
    CallbacksLoaded,
    Event,
    PastKnown,
    PoolsSet,
    RunAdded,
    RunGone,
    RunLoaded,
    SpecUpdated,
    Tick,
    XComPushed,
)
from etesian.scheduler.core.halt import time_out_run
from etesian.scheduler.core.memory import Memory
from etesian.scheduler.core.runs_due import create_due_runs
from etesian.scheduler.core.settings import CoreSettings
from etesian.scheduler.core.settle import admit_runs, settle
from etesian.scheduler.core.timers import TimerKind

Handler = Callable[[Memory, Any, datetime], None]  # Any: each handler takes its own type of event

#: Who handles which event.
HANDLERS: Final[dict[type, Handler]] = {
    SpecUpdated: known.learn_spec,
    DagGone: known.lose_dag,
    PauseChanged: known.change_pause,
    PoolsSet: lambda memory, event, _: known.set_pools(memory, event),
    RunAdded: runs.add_run,
    RunLoaded: recovery.load_run,
    RunGone: lambda memory, event, _: backfills.lose_run(memory, event),
    PastKnown: lambda memory, event, _: past.learn_past(memory, event),
    AssetEventsKnown: lambda memory, event, _: assets.learn_events(memory, event),
    AssetsChanged: lambda memory, event, _: assets.change_assets(memory, event),
    BackfillLoaded: lambda memory, event, _: backfills.load_backfill(memory, event),
    CreateBackfill: lambda memory, event, _: backfills.create_backfill(memory, event),
    ChangeBackfill: backfills.change_backfill,
    Claim: claims.answer_claim,
    Finished: outcomes.take_report,
    AttemptsHeld: attempts.reconcile_held,
    AttemptsLost: attempts.take_losses,
    TriggerFired: deferral.take_trigger_event,
    AnswerInput: deferral.take_answer,
    ClearTasks: clear.clear_tasks,
    MarkTasks: mark.mark_tasks,
    MarkRun: mark.mark_run,
    SetNote: lambda memory, event, _: mark.set_note(memory, event),
    DeleteRun: lambda memory, event, _: delete.delete_run(memory, event),
    DeleteDag: lambda memory, event, _: delete.delete_dag(memory, event),
    CallbacksLoaded: lambda memory, event, now: callbacks.load_callbacks(memory, event.callbacks, now),
    CallbackDone: lambda memory, event, _: callbacks.forget_callback(memory, event.callback_id),
    XComPushed: lambda memory, event, _: outcomes.note_pushed(memory, event),
    Tick: lambda memory, event, _: None,
}

#: What a timer of each kind does to its target.
ALARMS: Final[dict[TimerKind, Handler]] = {
    TimerKind.SCHEDULE: create_due_runs,
    TimerKind.RUN_AFTER: lambda memory, dag, _: memory.touch_dag(dag),
    TimerKind.WAKE: deferral.wake,
    TimerKind.OVERDUE: attempts.end_overdue,
    TimerKind.RUN_TIMEOUT: time_out_run,
    TimerKind.DEADLINE: deadlines.miss_deadline,
}


class Core:
    """Turns events into decisions. Deterministic: the same settings, events and moments give the same decisions.

    The shell drives it in batches::

        decisions = [decision for event in events for decision in core.apply(event, now)]
        decisions += core.advance(now)
        # store all decisions in one transaction, then carry out dispatches, stops and answers
        # sleep until an event comes or until core.next_wake()

    If a batch cannot be stored, this core knows more than the store: drop it and recover a new one.

    Recovery is ``PoolsSet``, ``SpecUpdated`` for every DAG, ``RunLoaded`` for every unfinished run,
    ``BackfillLoaded`` for every backfill that is not completed, and ``CallbacksLoaded``, in this order, then
    ``advance``.
    """

    def __init__(self, settings: CoreSettings) -> None:
        self._memory = Memory(settings)

    def apply(self, event: Event, now: datetime) -> list[Decision]:
        """Take one event and return what follows at once (answers, history, what to stop, callbacks).

        Changed runs and task instances, and what is handed to executors, follow from ``advance``.
        """
        memory = self._memory
        HANDLERS[type(event)](memory, event, now)
        settle(memory, now)
        return self._drain()

    def advance(self, now: datetime) -> list[Decision]:
        """End a batch: let due timers ring, hand out ready work, and return every row that the batch changed."""
        memory = self._memory
        admit_runs(memory, now)
        for kind, target in memory.timers.pop_due(now):
            ALARMS[kind](memory, target, now)
            settle(memory, now)
        attempts.expire_unclaimed(memory, now)
        settle(memory, now)
        admit_runs(memory, now)
        attempts.resend_attempts(memory)
        choose_dispatches(memory, now)
        callbacks.dispatch_callbacks(memory)
        effects = self._drain()
        decisions = self._collect_changes() + effects
        recovery.dismiss_visitors(memory)
        return decisions

    def next_wake(self) -> datetime | None:
        """Return when ``advance`` must be called even if nothing happens; None: only events matter."""
        moments = (self._memory.timers.next_at(), attempts.unclaimed_due_at(self._memory))
        return min((moment for moment in moments if moment is not None), default=None)

    def has_run(self, run_key: RunKey) -> bool:
        """Return whether a run is in memory. A command on any other run needs a ``RunLoaded`` before it."""
        return run_key in self._memory.runs

    def blockers(self, key: TaskKey | RunKey, now: datetime) -> list[Blocker]:
        """Return, in words, all that keeps a task instance or a run waiting; nothing if it does not wait."""
        if isinstance(key, RunKey):
            return explain_run(self._memory, key, now)
        return explain_task(self._memory, key, now)

    def _drain(self) -> list[Decision]:
        memory = self._memory
        decisions, memory.out = memory.out, []
        return decisions

    def _collect_changes(self) -> list[Decision]:
        """Return the rows of all runs and task instances that changed since the last time, runs first."""
        memory = self._memory
        decisions: list[Decision] = []
        for run in memory.changed_runs:
            decisions.append(SaveRun(run=run.record, is_new=run.is_new))
            run.is_new = False
        decisions += [
            SaveTaskInstance(task_instance=instance.record) for instance in memory.changed_instances
        ]
        memory.changed_runs.clear()
        memory.changed_instances.clear()
        return decisions

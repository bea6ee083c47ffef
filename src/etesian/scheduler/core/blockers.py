"""Why does this not run? Everything that keeps a task instance or a run waiting, in words.

The answers come from the very predicates and accounts that the scheduler decides with.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import msgspec

from etesian.lifecycle.records import RunKey, TaskKey
from etesian.lifecycle.state import FINAL_TASK_STATES, RunState, TaskState
from etesian.lifecycle.trigger_rules import UpstreamCounts, Verdict, evaluate_setups
from etesian.scheduler.core.above import name_of, upstream_of
from etesian.scheduler.core.limits import Account
from etesian.scheduler.core.memory import Backfill, Instance, Memory, Run
from etesian.scheduler.core.past import explain_past
from etesian.scheduler.core.upstream import are_sources_done, judge
from etesian.spec.trigger_rule import TriggerRule

#: Names that one sentence lists; the rest is counted.
MAX_NAMES: Final = 5
#: Upstream task instances that are listed one by one.
MAX_UPSTREAM: Final = 20


class Blocker(msgspec.Struct, frozen=True, kw_only=True):
    """One unmet condition."""

    kind: str  #: dag | run | upstream | setup | past | mapping | limit | timer | executor | trigger | input
    text: str  #: a sentence for people


def explain_run(memory: Memory, run_key: RunKey, now: datetime) -> list[Blocker]:
    """Return what keeps a run from starting or from ending; nothing for a run that is finished or not in memory."""
    run = memory.runs.get(run_key)
    if run is None or run.record.state.is_final:
        return []
    if run.record.state is RunState.QUEUED:
        return list(_explain_queued_run(run, now))
    open_tasks = [instance for instance in run.instances() if instance.state not in FINAL_TASK_STATES]
    states = sorted({instance.state.value for instance in open_tasks})
    text = f"{len(open_tasks)} task instances are not finished ({', '.join(states)})"
    return [Blocker(kind="run", text=text), *_explain_dag(run)]


def _explain_dag(run: Run) -> Iterator[Blocker]:
    dag = run.dag
    if dag.is_paused:
        yield Blocker(kind="dag", text=f"DAG {dag.dag_id!r} is paused")


def _explain_queued_run(run: Run, now: datetime) -> Iterator[Blocker]:
    dag = run.dag
    yield from _explain_dag(run)
    if dag.graph is None or dag.is_gone:
        yield Blocker(kind="dag", text=f"no DAG file defines {dag.dag_id!r} now")
        return
    if run.record.run_after > now:
        yield Blocker(kind="timer", text=f"the run may start at {_moment(run.record.run_after)}")
    if run.backfill is not None:
        yield from _explain_backfill(run.backfill)
    elif dag.active >= dag.graph.max_active_runs:
        active = [
            other.record.run_id for other in dag.runs.values() if other.has_slot and other.backfill is None
        ]
        text = f"{dag.active} of {dag.graph.max_active_runs} active runs are taken ({_names(active)})"
        yield Blocker(kind="run", text=text)


def _explain_backfill(backfill: Backfill) -> Iterator[Blocker]:
    name, limit = backfill.order.backfill_id, backfill.order.max_active_runs
    if backfill.is_paused:
        yield Blocker(kind="run", text=f"its backfill {name!r} is paused")
    if backfill.active >= limit:
        yield Blocker(
            kind="run", text=f"{backfill.active} of {limit} active runs of its backfill {name!r} are taken"
        )


def explain_task(memory: Memory, key: TaskKey, now: datetime) -> list[Blocker]:
    """Return what keeps a task instance waiting; nothing if it is finished or not in memory."""
    run = memory.runs.get(key.run_key)
    if run is None:
        return []
    if run.record.state is not RunState.RUNNING:
        return [
            Blocker(kind="run", text=f"the run is {run.record.state}: {blocker.text}")
            for blocker in explain_run(memory, run.key, now)
        ]
    instance = memory.find(key) or memory.find(key._replace(map_index=-1))
    return [] if instance is None else list(_explain_instance(memory, instance))


def _explain_instance(memory: Memory, instance: Instance) -> Iterator[Blocker]:
    record = instance.record
    match record.state:
        case TaskState.NONE:
            yield from _explain_waiting(instance)
        case TaskState.SCHEDULED:
            yield from _explain_scheduled(memory, instance)
        case TaskState.QUEUED:
            due = _moment(record.queued_at + memory.settings.queued_timeout) if record.queued_at else "never"
            since = _moment(record.queued_at)
            text = f"executor {record.executor!r} has it since {since}, but no worker has claimed it"
            yield Blocker(kind="executor", text=f"{text}; it is dispatched anew at {due}")
        case TaskState.UP_FOR_RETRY:
            left = max(record.max_tries + 1 - record.try_number, 0)
            text = f"try {record.try_number} failed ({record.reason}); the next is due at {_moment(record.wake_at)}"
            yield Blocker(kind="timer", text=f"{text}, {left} left")
        case TaskState.UP_FOR_RESCHEDULE:
            yield Blocker(kind="timer", text=f"the sensor looks again at {_moment(record.wake_at)}")
        case TaskState.DEFERRED:
            limit = "" if record.wake_at is None else f" until {_moment(record.wake_at)} at most"
            yield Blocker(kind="trigger", text=f"it waits for trigger {record.trigger_id}{limit}")
        case TaskState.AWAITING_INPUT:
            limit = "" if record.wake_at is None else f" until {_moment(record.wake_at)} at most"
            yield Blocker(kind="input", text=f"it waits for a person's answer{limit}")
        case TaskState.RESTARTING:
            yield Blocker(kind="executor", text=f"it was cleared; {record.hostname} is stopping its process")


def _explain_waiting(instance: Instance) -> Iterator[Blocker]:
    task, run = instance.node.task, instance.node.run
    if judge(instance.node, instance) is Verdict.WAIT:
        yield from _explain_setups(instance)
        yield from _explain_upstream(instance)
    if not are_sources_done(run, task.expansion) and task.expansion is not None:
        sources = sorted({task_id for task_id, _ in task.expansion.sources})
        yield Blocker(kind="mapping", text=f"how often it runs is known when {_names(sources)} has finished")
    past = explain_past(instance.node)
    if past is not None:
        yield Blocker(kind="past", text=f"it depends on the run before: {past}")


def _explain_setups(instance: Instance) -> Iterator[Blocker]:
    setups = UpstreamCounts()
    for counts in (instance.node.setup_counts, instance.setup_counts):
        if counts is not None:
            setups = setups.plus(counts)
    if evaluate_setups(setups) is not Verdict.RUN and setups.total:
        graph = instance.node.run.graph
        numbers = instance.node.task.setups + instance.node.task.setups_within
        names = _names([graph.tasks[number].task_id for number in numbers])
        yield Blocker(
            kind="setup", text=f"it needs the setups {names}; {setups.done} of {setups.total} are done"
        )


def _explain_upstream(instance: Instance) -> Iterator[Blocker]:
    node, rule = instance.node, instance.node.task.spec.trigger_rule
    unfinished = [above for above in upstream_of(instance) if above.state not in FINAL_TASK_STATES]
    for above in unfinished[:MAX_UPSTREAM]:
        yield Blocker(kind="upstream", text=f"upstream {name_of(above)} is {above.state}")
    hidden = len(unfinished) - MAX_UPSTREAM
    if hidden > 0:
        yield Blocker(kind="upstream", text=f"{hidden} more upstream task instances are not finished")
    if rule is not TriggerRule.ALL_SUCCESS and unfinished:
        yield Blocker(kind="upstream", text=f"the trigger rule of {node.task.task_id!r} is {rule}")


def _explain_scheduled(memory: Memory, instance: Instance) -> Iterator[Blocker]:
    lane = instance.lane
    if lane is None:
        return
    run = instance.node.run
    yield from _explain_dag(run)
    accounts = [*lane.accounts, lane.pool, memory.parallelism]
    for account in accounts:
        slots = lane.slots if account is lane.pool else 1
        if account is not run.dag.gate and not account.fits(slots):
            yield Blocker(kind="limit", text=_explain_full(memory, account, slots))
    reserved = memory.ready.first_parked(lane.pool)
    if reserved is not None and lane.pool.fits(lane.slots) and reserved[2] is not lane:
        text = f"free slots of pool {lane.pool.name!r} are kept for a more urgent task that needs {reserved[2].slots}"
        yield Blocker(kind="limit", text=text)


def _explain_full(memory: Memory, account: Account, slots: int) -> str:
    label = "parallelism" if account.kind == "parallelism" else f"{account.kind} {account.name!r}"
    if not account.can_ever_fit(slots):
        return f"{label} has {account.limit} slots in all, and it needs {slots}"
    holders = [name_of(holder) for holder in memory.attempts.values() if _holds(memory, holder, account)]
    held = f"; held by {_names(sorted(holders))}" if holders else ""
    return f"{label} has {account.free} of {account.limit} slots free{held}"


def _holds(memory: Memory, instance: Instance, account: Account) -> bool:
    lane = instance.lane
    return lane is not None and (
        account is memory.parallelism or account is lane.pool or account in lane.accounts
    )


def _names(names: list[str]) -> str:
    shown = ", ".join(names[:MAX_NAMES])
    return shown if len(names) <= MAX_NAMES else f"{shown} and {len(names) - MAX_NAMES} more"


def _moment(moment: datetime | None) -> str:
    return "an unknown time" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"

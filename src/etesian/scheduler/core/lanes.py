"""Which slots a task instance needs, and putting it in line for them."""

from __future__ import annotations

from datetime import datetime

from etesian.lifecycle.state import TaskState
from etesian.scheduler.core.decisions import ClearXComs
from etesian.scheduler.core.limits import Account
from etesian.scheduler.core.memory import Instance, Memory, Node
from etesian.scheduler.core.moves import move
from etesian.scheduler.core.ready import Lane, ReadyKey


def make_ready(memory: Memory, instance: Instance, now: datetime, *, is_new_try: bool) -> None:
    """Let a task instance wait for slots. A look of a sensor, or a resumed task, is no new try."""
    spec, record = instance.node.task.spec, instance.record
    started_at = record.started_at
    if is_new_try:
        instance.dispatches = 0
        started_at = None
        if record.try_number:
            memory.decide(ClearXComs(key=record.key))
            instance.node.run.lengths.pop((record.task_id, record.map_index), None)
    move(
        memory,
        instance,
        TaskState.SCHEDULED,
        scheduled_at=now,
        try_number=record.try_number + is_new_try,
        pool=spec.pool,
        pool_slots=spec.pool_slots,
        priority=spec.priority,
        queue=spec.queue,
        operator=spec.operator,
        started_at=started_at,
        ended_at=None,
        wake_at=None,
        reason=None,
    )
    join_lane(memory, instance)


def join_lane(memory: Memory, instance: Instance) -> None:
    """Put a scheduled task instance in line."""
    instance.lane = find_lane(memory, instance)
    memory.ready.add(instance.lane, make_key(memory, instance), instance)


def make_key(memory: Memory, instance: Instance) -> ReadyKey:
    """Return a task instance's urgency; smaller is more urgent."""
    record, run = instance.record, instance.node.run
    memory.ready_serial += 1
    return (
        -record.priority,
        run.is_backfill,
        record.scheduled_at or run.record.run_after,
        run.record.run_after,
        record.dag_id,
        record.run_id,
        instance.node.task.index,
        record.map_index,
        memory.ready_serial,
    )


def find_lane(memory: Memory, instance: Instance) -> Lane[Instance]:
    """Return the lane of task instances that need the same slots as this one."""
    node, record = instance.node, instance.record
    run, spec = node.run, node.task.spec
    is_limited = spec.max_active_per_dag is not None or spec.max_active_per_run is not None
    key = (record.pool, record.pool_slots, node.task.index if is_limited else -1)
    lane = run.lanes.get(key)
    if lane is None:
        accounts = [run.dag.gate, run.account]
        if spec.max_active_per_dag is not None:
            accounts.append(_task_account(memory, node, spec.max_active_per_dag))
        if spec.max_active_per_run is not None:
            if node.account is None:
                node.account = Account("task in this run", spec.task_id, spec.max_active_per_run)
            accounts.append(node.account)
        lane = run.lanes[key] = Lane(tuple(accounts), memory.pool(record.pool), record.pool_slots)
    return lane


def _task_account(memory: Memory, node: Node, limit: int) -> Account:
    dag, task_id = node.run.dag, node.task.task_id
    account = dag.task_accounts.get(task_id)
    if account is None:
        account = dag.task_accounts[task_id] = Account("task", task_id, limit)
    memory.ready.set_limit(account, limit)
    return account

"""Is it this task's turn? Its trigger rule, its setups, the run before it, and skips that a branch decided."""

from __future__ import annotations

from datetime import datetime

from etesian.lifecycle.state import TaskState
from etesian.lifecycle.trigger_rules import Verdict, evaluate_rule, evaluate_setups
from etesian.scheduler.core.above import explain_verdict
from etesian.scheduler.core.graph import Expansion
from etesian.scheduler.core.lanes import make_ready
from etesian.scheduler.core.memory import Instance, Memory, Node, Run
from etesian.scheduler.core.moves import FRESH, move
from etesian.scheduler.core.past import is_past_met


def evaluate_node(memory: Memory, node: Node, now: datetime) -> None:
    """Look at the task instances of a task that wait for something above them."""
    if not node.waiting or not node.run.is_running:
        return
    task = node.task
    if task.upstream_within or task.setups_within:
        for instance in list(node.instances.values()):
            evaluate_instance(memory, instance, now)
        return
    verdict = judge(node, None)
    if verdict is Verdict.WAIT or (verdict is Verdict.RUN and not task.has_bounds and not is_past_met(node)):
        return
    for instance in list(node.instances.values()):
        if instance.record.state is TaskState.NONE:
            _follow(memory, instance, verdict, now)


def evaluate_instance(memory: Memory, instance: Instance, now: datetime) -> None:
    """Look at one task instance that waits for something above it, unless it was removed meanwhile."""
    node, record = instance.node, instance.record
    if record.state is not TaskState.NONE or not node.run.is_running:
        return
    if node.instances.get(record.map_index) is instance:
        _follow(memory, instance, judge(node, instance), now)


def judge(node: Node, instance: Instance | None) -> Verdict:
    """Say what the states above mean for a task (or for one task instance of a mapped group)."""
    counts, setup_counts = node.counts, node.setup_counts
    if instance is not None:
        if instance.counts is not None:
            counts = counts.plus(instance.counts)
        if instance.setup_counts is not None:
            setup_counts = (
                instance.setup_counts if setup_counts is None else setup_counts.plus(instance.setup_counts)
            )
    if setup_counts is not None and setup_counts.total:
        verdict = evaluate_setups(setup_counts)
        if verdict is not Verdict.RUN:
            return verdict
    return evaluate_rule(node.task.spec.trigger_rule, counts)


def _follow(memory: Memory, instance: Instance, verdict: Verdict, now: datetime) -> None:
    """Do what the verdict asks for."""
    record, task = instance.record, instance.node.task
    if record.skipped_by is not None:
        skip(memory, instance, now, f"skipped by {record.skipped_by!r}")
        return
    if verdict is Verdict.WAIT:
        return
    if verdict is Verdict.UPSTREAM_FAILED:
        reason = explain_verdict(instance, verdict)
        move(memory, instance, TaskState.UPSTREAM_FAILED, ended_at=now, reason=reason)
        return
    if verdict is Verdict.SKIP:
        if not task.spec.wait_for_past_depends_before_skipping or is_past_met(instance.node):
            skip(memory, instance, now, explain_verdict(instance, verdict))
        return
    _take_turn(memory, instance, now)


def _take_turn(memory: Memory, instance: Instance, now: datetime) -> None:
    """Let a task instance whose trigger rule holds get in line, if nothing else keeps it from running."""
    task = instance.node.task
    if not are_sources_done(instance.node.run, task.expansion):
        return  # ``expand`` looks at it again when its number is known
    if instance.is_placeholder:
        if _is_mapped_over_nothing(instance):
            skip(memory, instance, now, "it is mapped over an empty list")
    elif task.has_bounds and (out_of_bounds := explain_bounds(instance)) is not None:
        skip(memory, instance, now, out_of_bounds)
    elif task.uses_past and not is_past_met(instance.node):
        return
    elif task.is_silent:
        move(memory, instance, TaskState.SUCCESS, try_number=1, started_at=now, ended_at=now)
    else:
        make_ready(memory, instance, now, is_new_try=True)


def skip(memory: Memory, instance: Instance, now: datetime, reason: str) -> None:
    """Let a task instance that has not begun be skipped. No callback tells of it: the task was never asked."""
    move(memory, instance, TaskState.SKIPPED, ended_at=now, reason=reason, wake_at=None)


def doubt_node(memory: Memory, node: Node) -> None:
    """Let task instances in line wait again whose trigger rule held but holds no more."""
    if node.unfinished == node.waiting:
        return
    for instance in list(node.instances.values()):
        if instance.state is TaskState.SCHEDULED and judge(node, instance) is not Verdict.RUN:
            withdraw(memory, instance)


def withdraw(memory: Memory, instance: Instance) -> None:
    """Take a task instance out of the line. A try that was only lined up has not begun."""
    record = instance.record
    move(
        memory,
        instance,
        TaskState.NONE,
        **FRESH | {"try_number": record.try_number - (record.started_at is None)},
    )


def explain_bounds(instance: Instance) -> str | None:
    """Say why the task takes no part in a run of that date; None if it does.

    A task's own bounds matter only where they are narrower than the DAG's.
    """
    spec, run = instance.node.task.spec, instance.node.run
    date = run.record.logical_date or run.record.run_after
    dag_spec = run.graph.spec
    if spec.start_date is not None and date < spec.start_date and spec.start_date != dag_spec.start_date:
        return f"the task takes part from {spec.start_date:%Y-%m-%d %H:%M} on"
    if spec.end_date is not None and date > spec.end_date and spec.end_date != dag_spec.end_date:
        return f"the task takes part until {spec.end_date:%Y-%m-%d %H:%M}"
    return None


def _is_mapped_over_nothing(placeholder: Instance) -> bool:
    """Return whether a task with finished sources stays a placeholder, as one of the inputs is empty."""
    expansion = placeholder.node.task.expansion
    lengths = None if expansion is None else placeholder.node.run.map_lengths.get(expansion.name)
    return lengths is not None and not all(lengths.values())


def are_sources_done(run: Run, expansion: Expansion | None) -> bool:
    """Return whether all tasks whose results a task or group is mapped over have finished."""
    return expansion is None or not any(
        node.unfinished for task_id, _ in expansion.sources if (node := run.node(task_id)) is not None
    )

"""What a core knows, as plain values: two cores that know the same describe themselves equally."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from etesian.lifecycle.trigger_rules import UpstreamCounts
from etesian.scheduler.core.core import Core
from etesian.scheduler.core.limits import Account
from etesian.scheduler.core.memory import Dag, Memory, Node, Run
from etesian.scheduler.core.timers import TimerKind

Facts = dict[str, Any]  # Any: nested plain values, only compared


def describe(core: Core) -> Facts:
    """Return all that decides what the core will do, but for how often it has sent what was never claimed."""
    memory = core._memory
    return {
        "runs": {str(key): _describe_run(run) for key, run in sorted(memory.runs.items())},
        "dags": {dag_id: _describe_dag(dag) for dag_id, dag in sorted(memory.dags.items())},
        "attempts": {name: str(instance.record.key) for name, instance in sorted(memory.attempts.items())},
        "unclaimed": sorted(memory.unclaimed),
        "triggers": {name: str(instance.record.key) for name, instance in sorted(memory.triggers.items())},
        "parallelism": memory.parallelism.used,
        "pools": {name: _describe_account(account) for name, account in sorted(memory.pools.items())},
        "timers": _describe_timers(memory),
        "callbacks": sorted(memory.callbacks),
    }


def _describe_run(run: Run) -> Facts:
    return {
        "record": run.record,
        "version": run.graph.version_hash,
        "unfinished": run.unfinished,
        "failed_leaves": run.failed_leaves,
        "account": _describe_account(run.account),
        "has_slot": run.has_slot,
        "lengths": _describe_lengths(run),
        "is_past_known": run.past is not None if run.graph.uses_past else None,
        "nodes": {node.task.task_id: _describe_node(node) for node in run.nodes},
    }


def _describe_lengths(run: Run) -> Facts:
    """Describe the lengths that decide a mapping in this version."""
    sources = {source for expansion in run.graph.expansions.values() for source in expansion.sources}
    return {
        f"{task_id}[{map_index}].{key}": length
        for (task_id, map_index), lengths in run.lengths.items()
        for key, length in lengths.items()
        if (task_id, key) in sources
    }


def _describe_node(node: Node) -> Facts:
    return {
        "counts": _describe_counts(node.counts),
        "setup_counts": _describe_counts(node.setup_counts),
        "waiting": node.waiting,
        "unfinished": node.unfinished,
        "not_good": node.not_good,
        "instances": {
            map_index: (
                instance.record,
                _describe_counts(instance.counts),
                _describe_counts(instance.setup_counts),
                None if instance.ready_key is None else instance.ready_key[:-1],
            )
            for map_index, instance in sorted(node.instances.items())
        },
    }


def _describe_dag(dag: Dag) -> Facts:
    return {
        "version": dag.graph.version_hash if dag.graph is not None else None,
        "paused": dag.is_paused,
        "unfinished": dag.unfinished,
        "active": dag.active,
        "gate": _describe_account(dag.gate),
        "runs": sorted(dag.runs),
    }


def _describe_account(account: Account) -> tuple[int, int | None, bool]:
    return account.used, account.limit, account.counts_deferred


def _describe_counts(counts: UpstreamCounts | None) -> tuple[int, ...] | None:
    return None if counts is None else tuple(getattr(counts, name) for name in UpstreamCounts.__slots__)


def _describe_timers(memory: Memory) -> dict[str, datetime]:
    """Describe the timers of runs and tasks; those of schedules depend on when they were set."""
    of_schedules = {TimerKind.SCHEDULE, TimerKind.RUN_AFTER}
    timers = memory.timers.pending().items()
    return {f"{kind.name} {target}": when for (kind, target), when in timers if kind not in of_schedules}


def find_difference(old: Any, new: Any, path: str = "") -> str | None:  # Any: nested plain values
    """Say where two descriptions differ first; None if they do not."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return None if old == new else f"{path}: {old} became {new}"
    for key in [*old, *(key for key in new if key not in old)]:
        found = find_difference(old.get(key), new.get(key), f"{path}/{key}")
        if found is not None:
            return found
    return None

"""What stands directly above a task instance, and what of it kept the task from running."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from etesian.lifecycle.state import TaskState
from etesian.lifecycle.trigger_rules import Verdict
from etesian.scheduler.core.memory import Instance
from etesian.scheduler.core.moves import FAILURES

#: Upstream task instances that are looked at for a reason; more would cost more than the answer is worth.
MAX_LOOKED_AT: Final = 1000
_SKIPPED: Final = frozenset({TaskState.SKIPPED})


def upstream_of(instance: Instance) -> Iterator[Instance]:
    """Yield the task instances directly above one."""
    node = instance.node
    for number in node.task.upstream:
        yield from node.run.nodes[number].instances.values()
    for number in node.task.upstream_within:
        same = node.run.nodes[number].instances.get(instance.record.map_index)
        if same is not None:
            yield same


def name_of(instance: Instance) -> str:
    """Return how people name a task instance of a run: ``'load[3]'``."""
    index = "" if instance.record.map_index < 0 else f"[{instance.record.map_index}]"
    return f"'{instance.record.task_id}{index}'"


def explain_verdict(instance: Instance, verdict: Verdict) -> str:
    """Return why a task instance ends without having run: the one above it that decided, or its trigger rule."""
    deciding = _SKIPPED if verdict is Verdict.SKIP else FAILURES
    for above in islice(upstream_of(instance), MAX_LOOKED_AT):
        if above.state in deciding:
            return f"upstream {name_of(above)} is {above.state}"
    return f"its trigger rule {instance.node.task.spec.trigger_rule} cannot hold any more"

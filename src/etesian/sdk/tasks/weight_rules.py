"""How much a task's place in the DAG adds to its priority."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from etesian.sdk.exceptions import InvalidDagError
from etesian.sdk.late_names import load_late
from etesian.sdk.tasks.arguments import WEIGHT_RULES


class PriorityWeightStrategy:
    """A weight rule of one's own: ``get_weight(ti)`` gives the effective priority of a task instance.

    It is asked once per task, when the file is parsed; the task instance it sees has ``task``, ``task_id``,
    ``dag_id``, ``try_number`` 0 and ``map_index`` -1.
    """

    def get_weight(self, ti: Any) -> int:
        """Return the effective priority."""
        raise NotImplementedError

    def serialize(self) -> dict[str, Any]:
        """Return arguments that make an equal strategy."""
        return {}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> PriorityWeightStrategy:
        """Return the strategy of ``data``."""
        return cls(**data)


def as_weight_rule(value: Any, what: str) -> Any:
    """Return the name of a built-in rule, or the strategy that ``value`` is.

    A text with a dot names a strategy class by its import path; it is found among the modules that the file
    imported.

    Raises:
        InvalidDagError: it is neither.
    """
    name = getattr(value, "value", value)
    if isinstance(name, str):
        if name in WEIGHT_RULES or "." in name:
            return name
        raise InvalidDagError(
            f"{what}: there is no weight rule {name!r}; there are {', '.join(WEIGHT_RULES)}"
        )
    if hasattr(value, "get_weight"):
        return value() if isinstance(value, type) else value
    raise InvalidDagError(f"{what}: a weight rule is a name or a PriorityWeightStrategy, got {value!r:.80}")


def describe_weight_rule(rule: Any) -> str:
    """Return the name of a built-in rule, or the path of a strategy's class."""
    if isinstance(rule, str):
        return rule
    return f"{type(rule).__module__}.{type(rule).__qualname__}"


def weigh_by_strategy(task: Any) -> int | None:
    """Return the effective priority that a task's own strategy gives; None if its rule is a built-in one.

    Raises:
        InvalidDagError: the strategy cannot be found or gives no number.
    """
    rule = task.weight_rule
    if rule in WEIGHT_RULES:
        return None
    strategy = load_late(":".join(rule.rsplit(".", 1)))() if isinstance(rule, str) else rule
    instance = SimpleNamespace(
        task=task,
        task_id=task.task_id,
        dag_id=task.dag_id,
        try_number=0,
        max_tries=task.retries,
        map_index=-1,
    )
    weight = strategy.get_weight(instance)
    if not isinstance(weight, int):
        raise InvalidDagError(
            f"the weight rule of task {task.task_id!r} must give a whole number, got {weight!r:.80}"
        )
    return weight


def compute_effective_priorities(
    order: Sequence[str], upstream: Mapping[str, Sequence[str]], weights: Mapping[str, tuple[Any, int]]
) -> dict[str, int]:
    """Return each task's effective priority; every task and every edge is looked at once per rule in use.

    ``downstream`` adds the weights of all tasks after it, ``upstream`` of all before it, each counted once.
    ``order`` is topological; ``weights`` holds each task's rule and own weight.
    """
    rules = {rule for rule, _ in weights.values()}
    after = _sums(list(reversed(order)), _reversed(order, upstream), weights) if "downstream" in rules else {}
    before = _sums(order, upstream, weights) if "upstream" in rules else {}
    found = {}
    for task_id in order:
        rule, own = weights[task_id]
        if rule == "downstream":
            found[task_id] = after[task_id]
        elif rule == "upstream":
            found[task_id] = before[task_id]
        else:
            found[task_id] = own
    return found


def _reversed(order: Sequence[str], upstream: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    downstream: dict[str, list[str]] = {task_id: [] for task_id in order}
    for task_id in order:
        for before in upstream[task_id]:
            downstream[before].append(task_id)
    return downstream


def _sums(
    order: Sequence[str], edges: Mapping[str, Sequence[str]], weights: Mapping[str, tuple[Any, int]]
) -> dict[str, int]:
    """Return for each task the sum of its own weight and of all that it can reach, in an order where these
    come first.

    What a task reaches is kept as the bits of one integer, so that a task behind a diamond counts once.
    """
    masks: dict[int, int] = {}  # for each weight the tasks that have it; most DAGs have one or a few
    reach: dict[str, int] = {}
    for index, task_id in enumerate(order):
        own = 1 << index
        weight = weights[task_id][1]
        masks[weight] = masks.get(weight, 0) | own
        for other in edges[task_id]:
            own |= reach[other]
        reach[task_id] = own
    return {
        task_id: sum(weight * (bits & mask).bit_count() for weight, mask in masks.items())
        for task_id, bits in reach.items()
    }

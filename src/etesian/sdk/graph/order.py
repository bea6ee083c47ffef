"""The order of a graph, and the proof that there is one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from heapq import heapify, heappop, heappush

from etesian.sdk.exceptions import AirflowDagCycleException


def sort_topologically(dag_id: str, upstream: Mapping[str, Collection[str]]) -> list[str]:
    """Return the nodes so that each comes after its upstream; where that leaves a choice, in the order of the
    mapping.

    Raises:
        AirflowDagCycleException: some nodes wait for each other; the message names the path.
    """
    position = {node: index for index, node in enumerate(upstream)}
    names = list(upstream)
    downstream: dict[str, list[str]] = {node: [] for node in upstream}
    unmet = {}
    for node, befores in upstream.items():
        unmet[node] = len(befores)
        for before in befores:
            downstream[before].append(node)
    ready = [position[node] for node, count in unmet.items() if count == 0]
    heapify(ready)
    order: list[str] = []
    while ready:
        node = names[heappop(ready)]
        order.append(node)
        for after in downstream[node]:
            unmet[after] -= 1
            if unmet[after] == 0:
                heappush(ready, position[after])
    if len(order) < len(upstream):
        path = _find_cycle({node: befores for node, befores in upstream.items() if unmet[node]}, set(order))
        raise AirflowDagCycleException(f"DAG {dag_id!r} has a cycle: {' -> '.join(path)}", path)
    return order


def _find_cycle(upstream: Mapping[str, Collection[str]], done: set[str]) -> list[str]:
    """Return a path along the edges that ends where it begins. Every node given has an upstream node."""
    node = min(upstream)
    seen: dict[str, int] = {}
    walked: list[str] = []
    while node not in seen:
        seen[node] = len(walked)
        walked.append(node)
        node = min(before for before in upstream[node] if before not in done)
    cycle = walked[seen[node] :][::-1]
    start = cycle.index(min(cycle))
    cycle = cycle[start:] + cycle[:start]
    return [*cycle, cycle[0]]

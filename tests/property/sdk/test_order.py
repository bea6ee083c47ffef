from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etesian.sdk.exceptions import AirflowDagCycleException
from etesian.sdk.graph.order import sort_topologically
from etesian.sdk.tasks.weight_rules import compute_effective_priorities


@st.composite
def graphs(draw: Any, *, acyclic: bool = True) -> dict[str, set[str]]:
    count = draw(st.integers(1, 12))
    names = [f"t{number}" for number in range(count)]
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    edges = draw(st.lists(pairs, max_size=30))
    upstream: dict[str, set[str]] = {name: set() for name in names}
    for a, b in edges:
        if acyclic and a == b:
            continue
        before, after = (min(a, b), max(a, b)) if acyclic else (a, b)
        upstream[names[after]].add(names[before])
    order = draw(st.permutations(names))
    return {name: upstream[name] for name in order}


@given(graphs())
def test_each_task_comes_once_and_after_its_upstream(upstream: dict[str, set[str]]) -> None:
    order = sort_topologically("d", upstream)
    assert sorted(order) == sorted(upstream)
    position = {name: index for index, name in enumerate(order)}
    assert all(position[before] < position[name] for name in upstream for before in upstream[name])


@given(graphs(acyclic=False))
def test_a_cycle_that_is_named_is_one(upstream: dict[str, set[str]]) -> None:
    try:
        sort_topologically("d", upstream)
    except AirflowDagCycleException as error:
        path = error.path
        assert path[0] == path[-1]
        assert len(set(path)) == len(path) - 1
        assert all(before in upstream[after] for before, after in pairwise(path))


def test_a_graph_without_nodes_has_an_order() -> None:
    assert sort_topologically("d", {}) == []


def reachable(edges: dict[str, set[str]], start: str) -> set[str]:
    found, todo = set(), [start]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += edges[name]
    return found


@given(graphs(), st.data())
def test_priorities_are_the_sums_over_what_can_be_reached(
    upstream: dict[str, set[str]], data: st.DataObject
) -> None:
    order = sort_topologically("d", upstream)
    rules = st.sampled_from(["downstream", "upstream", "absolute"])
    weights = {name: (data.draw(rules), data.draw(st.integers(-3, 100))) for name in order}
    downstream: dict[str, set[str]] = {name: set() for name in order}
    for name in order:
        for before in upstream[name]:
            downstream[before].add(name)
    found = compute_effective_priorities(order, {name: sorted(upstream[name]) for name in order}, weights)
    for name in order:
        rule, own = weights[name]
        edges = {"downstream": downstream, "upstream": upstream}.get(rule)
        expected = own if edges is None else sum(weights[other][1] for other in reachable(edges, name))
        assert found[name] == expected


@pytest.mark.parametrize("count", [5000])
def test_long_chains_are_sorted_and_weighed_without_recursion(count: int) -> None:
    upstream = {f"t{i}": ({f"t{i - 1}"} if i else set()) for i in range(count)}
    order = sort_topologically("d", upstream)
    weights = dict.fromkeys(order, ("downstream", 1))
    assert (
        compute_effective_priorities(order, {n: list(u) for n, u in upstream.items()}, weights)["t0"] == count
    )

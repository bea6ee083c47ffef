"""Texts on edges, and functions that wire many tasks at once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from etesian.sdk.exceptions import InvalidDagError
from etesian.sdk.graph.dependency import DependencyMixin, each_wirable


class EdgeModifier(DependencyMixin):
    """Stands between tasks, ``a >> Label("when empty") >> b``, and puts its text on the edges that it
    connects.
    """

    def __init__(self, label: str | None = None) -> None:
        self.label = label
        self._upstream: list[DependencyMixin] = []
        self._downstream: list[DependencyMixin] = []

    @property
    def roots(self) -> Sequence[Any]:
        """Return the tasks that come first after the label."""
        return [task for part in self._downstream for task in part.roots]

    @property
    def leaves(self) -> Sequence[Any]:
        """Return the tasks that come last before the label."""
        return [task for part in self._upstream for task in part.leaves]

    def set_upstream(self, other: Any, edge_modifier: Any = None) -> None:
        """Take what stands before the label, and connect it to what stands after."""
        for part in each_wirable(other):
            self._upstream.append(part)
            for after in self._downstream:
                after.set_upstream(part, edge_modifier=self)

    def set_downstream(self, other: Any, edge_modifier: Any = None) -> None:
        """Take what stands after the label, and connect it to what stands before."""
        for part in each_wirable(other):
            self._downstream.append(part)
            for before in self._upstream:
                before.set_downstream(part, edge_modifier=self)

    def update_relative(
        self, other: DependencyMixin, upstream: bool = True, edge_modifier: Any = None
    ) -> None:
        """Remember a task that was wired to the label from its own side, and connect it to the other side."""
        if upstream:
            self.set_upstream(other)
        else:
            self.set_downstream(other)

    def add_edge_info(self, dag: Any, upstream_id: str, downstream_id: str) -> None:
        """Put the text on one edge of the DAG."""
        dag.set_edge_info(upstream_id, downstream_id, {"label": self.label})


def Label(label: str) -> EdgeModifier:  # the name that DAG files import
    """Return a text for the edges between what stands before and after it."""
    return EdgeModifier(label)


def _is_many(part: Any) -> bool:
    return isinstance(part, list | tuple)


def chain(*tasks: Any) -> None:
    """Put each argument before the next one; two lists that follow each other are wired pairwise.

    ``chain(a, [b, c], [d, e], f)`` gives a >> b >> d >> f and a >> c >> e >> f.

    Raises:
        InvalidDagError: two lists that follow each other differ in length.
    """
    for before, after in pairwise(tasks):
        if not (_is_many(before) and _is_many(after)):
            _connect(before, after)
            continue
        if len(before) != len(after):
            raise InvalidDagError(
                f"chain() wires neighbouring lists pairwise, but one has {len(before)} parts and the next "
                f"{len(after)}; "
                f"use chain_linear() or cross_downstream() to wire each with each"
            )
        for first, second in zip(before, after, strict=True):
            _connect(first, second)


def chain_linear(*elements: Any) -> None:
    """Put each argument before the next one; every part of a list before every part of the next.

    Raises:
        InvalidDagError: there are fewer than two arguments.
    """
    parts = [element for element in elements if not _is_many(element) or element]
    if len(parts) < 2:
        raise InvalidDagError(f"chain_linear() needs at least two parts to wire, got {len(parts)}")
    for before, after in pairwise(parts):
        _connect(before, after)


def cross_downstream(from_tasks: Any, to_tasks: Any) -> None:
    """Put every part of ``from_tasks`` before every part of ``to_tasks``."""
    _connect(from_tasks, to_tasks)


def _connect(before: Any, after: Any) -> None:
    for first in each_wirable(before):
        first.set_downstream(after)

"""``a >> b``: what everything that can be wired into a DAG has in common, be it a task, a group, a result or
a label.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from etesian.sdk.exceptions import InvalidDagError

if TYPE_CHECKING:
    from typing import Self

Wirable: TypeAlias = "DependencyMixin | Sequence[DependencyMixin]"


class DependencyMixin:
    """Something that tasks can be put before and after.

    ``roots`` are the tasks that start first within it, ``leaves`` the ones that end last. For a task both are
    the task itself.
    """

    @property
    def roots(self) -> Sequence[Any]:  # Any: tasks; their class is defined above this module
        """Return the tasks that become downstream of what is put before this."""
        raise NotImplementedError

    @property
    def leaves(self) -> Sequence[Any]:  # Any: as above
        """Return the tasks that become upstream of what is put after this."""
        raise NotImplementedError

    def set_upstream(self, other: Wirable, edge_modifier: Any = None) -> None:
        """Let ``other`` run before this."""
        raise NotImplementedError

    def set_downstream(self, other: Wirable, edge_modifier: Any = None) -> None:
        """Let ``other`` run after this."""
        raise NotImplementedError

    def update_relative(
        self, other: DependencyMixin, upstream: bool = True, edge_modifier: Any = None
    ) -> None:
        """Be told that ``other`` has been wired to this; most have nothing to remember."""

    def __rshift__(self, other: Any) -> Any:
        self.set_downstream(other)
        return other

    def __lshift__(self, other: Any) -> Any:
        self.set_upstream(other)
        return other

    def __rrshift__(self, other: Any) -> Self:
        self.__lshift__(other)
        return self

    def __rlshift__(self, other: Any) -> Self:
        self.__rshift__(other)
        return self


def each_wirable(other: Any) -> Iterator[DependencyMixin]:
    """Yield the parts of the right side of ``>>``: one thing, or a list, tuple or set of things, however
    nested.

    Raises:
        InvalidDagError: a part cannot be wired.
    """
    if isinstance(other, DependencyMixin) or (hasattr(other, "roots") and hasattr(other, "leaves")):
        yield other
    elif isinstance(other, list | tuple | set | frozenset):
        for part in other:
            yield from each_wirable(part)
    else:
        raise InvalidDagError(
            f"tasks can be put before or after tasks, task groups, task results and lists of these; "
            f"got {type(other).__name__}: {other!r:.120}"
        )

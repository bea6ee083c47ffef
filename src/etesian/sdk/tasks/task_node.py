"""A task as a node of the graph: its name, its place in DAG and group, its edges. Common to plain and mapped
tasks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from etesian.sdk.exceptions import InvalidDagError
from etesian.sdk.graph.dependency import DependencyMixin, each_wirable
from etesian.sdk.graph.setup_teardown import SetupTeardownContext
from etesian.sdk.xcoms.xcom_arg import NOTSET, XComArg
from etesian.spec.task import MarkerSpec
from etesian.spec.trigger_rule import TriggerRule

if TYPE_CHECKING:
    from typing import Self

#: rules that a teardown keeps when ``as_teardown`` is called; others become "when the setups succeeded"
_TEARDOWN_RULE = TriggerRule.ALL_DONE_SETUP_SUCCESS


def _is_dag(value: object) -> bool:
    """Return whether something holds tasks by id, as DAGs do; their class is defined above this module."""
    return isinstance(getattr(value, "task_dict", None), dict)


class TaskNode(DependencyMixin):
    """What wiring, grouping and describing need to know of a task.

    ``dag`` and ``task_group`` are ``Any``: their classes are defined above this module.
    """

    task_id: str
    task_group: Any
    trigger_rule: TriggerRule
    upstream_task_ids: set[str]
    downstream_task_ids: set[str]
    is_directly_mapped = False
    marker: MarkerSpec | None = None  #: what else a clear of this task clears
    returns_dag_result = False  #: what it returns is what the DAG gives back
    _dag: Any = None
    _is_setup = False
    _is_teardown = False
    _on_failure_fail_dagrun = False

    # --- identity -------------------------------------------------------------------------------------------

    @property
    def dag(self) -> Any:
        """Return the DAG.

        Raises:
            InvalidDagError: the task belongs to none yet.
        """
        if self._dag is None:
            raise InvalidDagError(
                f"task {self.task_id!r} has not been given to a DAG yet; pass `dag=` or use `with DAG(...)`"
            )
        return self._dag

    @dag.setter
    def dag(self, dag: Any) -> None:
        if dag is None or dag is self._dag:
            self._dag = dag
            return
        if self._dag is not None:
            raise InvalidDagError(
                f"task {self.task_id!r} belongs to DAG {self._dag.dag_id!r} already; it cannot move to "
                f"{dag.dag_id!r}"
            )
        self._dag = dag
        dag.add_task(self)

    def __rshift__(self, other: Any) -> Any:
        return self._join(other) if _is_dag(other) else super().__rshift__(other)

    def __lshift__(self, other: Any) -> Any:
        return self._join(other) if _is_dag(other) else super().__lshift__(other)

    def _join(self, dag: Any) -> Any:
        """Belong to a DAG that was written as ``dag >> task``, a spelling of Airflow 1."""
        self.dag = dag
        return dag

    def has_dag(self) -> bool:
        """Return whether the task belongs to a DAG."""
        return self._dag is not None

    def get_dag(self) -> Any:
        """Return the DAG; None for a task outside of any."""
        return self._dag

    @property
    def dag_id(self) -> str:
        """Return the id of the DAG, or a name of its own for a task outside of any."""
        return (
            str(self._dag.dag_id) if self._dag is not None else f"adhoc_{getattr(self, 'owner', 'airflow')}"
        )

    @property
    def node_id(self) -> str:
        """Return the id in the graph."""
        return self.task_id

    @property
    def label(self) -> str:
        """Return the task_id without the prefix of its group."""
        group = self.task_group
        if (
            group is not None
            and group.node_id
            and group.prefix_group_id
            and self.task_id.startswith(f"{group.node_id}.")
        ):
            return self.task_id[len(group.node_id) + 1 :]
        return self.task_id

    @property
    def task_display_name(self) -> str:
        """Return the name to show."""
        return getattr(self, "_task_display_name", None) or self.task_id

    @property
    def output(self) -> XComArg:
        """Return the reference to the task's result."""
        return XComArg(self)

    # --- mapping --------------------------------------------------------------------------------------------

    @property
    def mapped_group(self) -> Any:
        """Return the innermost mapped group around the task, or None."""
        group = self.task_group
        while group is not None:
            if group.is_mapped:
                return group
            group = group.parent_group
        return None

    def iter_mapped_task_groups(self) -> Iterator[Any]:
        """Yield the mapped groups around the task, innermost first."""
        group = self.task_group
        while group is not None:
            if group.is_mapped:
                yield group
            group = group.parent_group

    @property
    def is_mapped(self) -> bool:
        """Whether the task itself is mapped; one in a mapped group is not."""
        return bool(self.is_directly_mapped)

    @property
    def has_map_indexes(self) -> bool:
        """Whether there are several instances of the task in a run: it or a group around it is mapped."""
        return self.is_mapped or self.mapped_group is not None

    # --- edges ----------------------------------------------------------------------------------------------

    @property
    def roots(self) -> Sequence[TaskNode]:
        """Return the task itself."""
        return [self]

    @property
    def leaves(self) -> Sequence[TaskNode]:
        """Return the task itself."""
        return [self]

    def set_upstream(self, other: Any, edge_modifier: Any = None) -> None:
        """Let ``other`` run before this task."""
        self._wire(other, upstream=True, edge_modifier=edge_modifier)

    def set_downstream(self, other: Any, edge_modifier: Any = None) -> None:
        """Let ``other`` run after this task."""
        self._wire(other, upstream=False, edge_modifier=edge_modifier)

    def _wire(self, other: Any, *, upstream: bool, edge_modifier: Any) -> None:
        for part in each_wirable(other):
            part.update_relative(self, not upstream, edge_modifier)
            for task in part.leaves if upstream else part.roots:
                before, after = (task, self) if upstream else (self, task)
                _connect(before, after, edge_modifier)

    @property
    def upstream_list(self) -> list[Any]:
        """Return the tasks directly before this one, by id."""
        return [self.dag.get_task(task_id) for task_id in sorted(self.upstream_task_ids)]

    @property
    def downstream_list(self) -> list[Any]:
        """Return the tasks directly after this one, by id."""
        return [self.dag.get_task(task_id) for task_id in sorted(self.downstream_task_ids)]

    def get_direct_relative_ids(self, upstream: bool = False) -> set[str]:
        """Return the ids of the tasks directly before or after this one."""
        return self.upstream_task_ids if upstream else self.downstream_task_ids

    def get_direct_relatives(self, upstream: bool = False) -> list[Any]:
        """Return the tasks directly before or after this one."""
        return self.upstream_list if upstream else self.downstream_list

    def get_flat_relative_ids(self, *, upstream: bool = False) -> set[str]:
        """Return the ids of all tasks before or after this one."""
        found: set[str] = set()
        todo = list(self.get_direct_relative_ids(upstream))
        while todo:
            task_id = todo.pop()
            if task_id not in found:
                found.add(task_id)
                todo += self.dag.get_task(task_id).get_direct_relative_ids(upstream)
        return found

    def get_flat_relatives(self, upstream: bool = False) -> list[Any]:
        """Return all tasks before or after this one, by id."""
        return [
            self.dag.get_task(task_id) for task_id in sorted(self.get_flat_relative_ids(upstream=upstream))
        ]

    # --- setup and teardown ---------------------------------------------------------------------------------

    @property
    def is_setup(self) -> bool:
        """Whether the task is a setup."""
        return self._is_setup

    @is_setup.setter
    def is_setup(self, value: bool) -> None:
        if value and self._is_teardown:
            raise InvalidDagError(f"task {self.task_id!r} is a teardown and cannot be a setup as well")
        self._is_setup = value

    @property
    def is_teardown(self) -> bool:
        """Whether the task is a teardown."""
        return self._is_teardown

    @is_teardown.setter
    def is_teardown(self, value: bool) -> None:
        if value and self._is_setup:
            raise InvalidDagError(f"task {self.task_id!r} is a setup and cannot be a teardown as well")
        self._is_teardown = value

    @property
    def on_failure_fail_dagrun(self) -> bool:
        """Whether the failure of this teardown fails the run."""
        return self._on_failure_fail_dagrun

    @on_failure_fail_dagrun.setter
    def on_failure_fail_dagrun(self, value: bool) -> None:
        if value and not self._is_teardown:
            raise InvalidDagError(
                f"task {self.task_id!r} is no teardown; only the failure of a teardown can be told to fail "
                "the run"
            )
        self._on_failure_fail_dagrun = value

    def as_setup(self) -> Self:
        """Make this task a setup and return it."""
        self.is_setup = True
        return self

    def as_teardown(self, *, setups: Any = None, on_failure_fail_dagrun: Any = NOTSET) -> Self:
        """Make this task a teardown that runs when its setups succeeded, whatever came between; return it."""
        self.is_teardown = True
        self.trigger_rule = _TEARDOWN_RULE
        if on_failure_fail_dagrun is not NOTSET:
            self.on_failure_fail_dagrun = on_failure_fail_dagrun
        if setups is not None:
            for part in each_wirable(setups):
                for setup in part.leaves:
                    setup.is_setup = True
                    setup.set_downstream(self)
        return self

    def __enter__(self) -> Self:
        SetupTeardownContext.enter(self)
        return self

    def __exit__(self, *details: object) -> None:
        SetupTeardownContext.leave()


def _connect(before: TaskNode, after: TaskNode, edge_modifier: Any) -> None:
    """Draw one edge; a task without a DAG joins the DAG of the other."""
    dag = _common_dag(before, after)
    if dag is not None:
        for task in (before, after):
            if not task.has_dag():
                task.dag = dag
        if edge_modifier is not None:
            edge_modifier.add_edge_info(dag, before.task_id, after.task_id)
    before.downstream_task_ids.add(after.task_id)
    after.upstream_task_ids.add(before.task_id)


def _common_dag(before: TaskNode, after: TaskNode) -> Any:
    first, second = before._dag, after._dag
    if first is None and second is None:
        raise InvalidDagError(
            f"tasks {before.task_id!r} and {after.task_id!r} are put in order but belong to no DAG; pass "
            "`dag=` or use `with DAG(...)`"
        )
    if first is not None and second is not None and first is not second:
        raise InvalidDagError(
            f"tasks of two DAGs cannot be put in order: {before.task_id!r} of {first.dag_id!r} and "
            f"{after.task_id!r} of {second.dag_id!r}"
        )
    return first if first is not None else second

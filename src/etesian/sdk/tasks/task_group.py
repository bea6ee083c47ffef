"""Task groups: a part of a DAG with a name, wired as one thing, possibly expanded as one thing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from etesian.foundation.ids import check_key
from etesian.sdk.exceptions import DuplicateTaskIdFound, InvalidDagError, TaskAlreadyInTaskGroup
from etesian.sdk.graph.dependency import DependencyMixin, each_wirable
from etesian.sdk.graph.scope import TaskGroupContext
from etesian.sdk.tasks.mapping import ExpandInput
from etesian.sdk.tasks.task_node import TaskNode
from etesian.spec.task import MapSpec

if TYPE_CHECKING:
    from typing import Self


class TaskGroup(DependencyMixin):
    """Tasks and groups under one name. Task ids inside begin with the group's id, unless ``prefix_group_id``
    is False.

    Wiring a group wires its first or last tasks; teardowns do not count as last ones.
    """

    is_mapped = False
    expand_input: ExpandInput | None = None

    def __init__(
        self,
        group_id: str | None,
        prefix_group_id: bool = True,
        parent_group: TaskGroup | None = None,
        dag: Any = None,
        default_args: Mapping[str, Any] | None = None,
        tooltip: str = "",
        ui_color: str = "CornflowerBlue",
        ui_fgcolor: str = "#000",
        add_suffix_on_collision: bool = False,
        group_display_name: str = "",
        doc_md: str | None = None,
    ) -> None:
        self.prefix_group_id = prefix_group_id
        self.default_args = dict(default_args or {})
        self.tooltip = tooltip
        self.ui_color = ui_color
        self.ui_fgcolor = ui_fgcolor
        self.group_display_name = group_display_name
        self.doc_md = doc_md
        self.children: dict[str, TaskNode | TaskGroup] = {}
        self.upstream_group_ids: set[str] = set()
        self.downstream_group_ids: set[str] = set()
        self.upstream_task_ids: set[str] = set()
        self.downstream_task_ids: set[str] = set()
        self.parent_group: TaskGroup | None = None
        self.group_id: str | None = None
        self.dag = dag
        if group_id is not None:
            self._join(check_key(group_id, "group_id"), parent_group, add_suffix_on_collision)

    def _join(self, group_id: str, parent_group: TaskGroup | None, add_suffix: bool) -> None:
        parent = parent_group or TaskGroupContext.get_current(self.dag)
        if parent is None:
            raise InvalidDagError(
                f"task group {group_id!r} is made outside of a DAG; use it inside of `with DAG(...)` or "
                "pass `dag=`"
            )
        self.parent_group = parent
        self.dag = parent.dag
        self.group_id = parent.child_id(group_id)
        if add_suffix:
            self.group_id = self._unused_id(self.group_id)
        parent.add(self)

    def _unused_id(self, group_id: str) -> str:
        number, candidate = 0, group_id
        while candidate in self.dag.used_node_ids:
            number += 1
            candidate = f"{group_id}__{number}"
        return candidate

    @classmethod
    def create_root(cls, dag: Any) -> TaskGroup:
        """Return the group that a DAG's own tasks are in."""
        return cls(group_id=None, dag=dag)

    # --- names ----------------------------------------------------------------------------------------------

    @property
    def is_root(self) -> bool:
        """Whether this is the DAG itself."""
        return self.group_id is None

    @property
    def node_id(self) -> str | None:
        """Return the id in the graph; None for the DAG itself."""
        return self.group_id

    @property
    def dag_id(self) -> str:
        """Return the id of the DAG.

        Raises:
            InvalidDagError: the group belongs to none.
        """
        if self.dag is None:
            raise InvalidDagError(f"task group {self.group_id!r} belongs to no DAG")
        return str(self.dag.dag_id)

    def has_dag(self) -> bool:
        """Return whether the group belongs to a DAG."""
        return self.dag is not None

    def get_dag(self) -> Any:
        """Return the DAG; None for a group outside of any."""
        return self.dag

    @property
    def task_group(self) -> TaskGroup | None:
        """Return the group around this one."""
        return self.parent_group

    @property
    def label(self) -> str | None:
        """Return the name to show, without the prefix of the groups around."""
        if self.group_display_name:
            return self.group_display_name
        parent = self.parent_group
        if self.group_id and parent is not None and parent.group_id and parent.prefix_group_id:
            return self.group_id.removeprefix(f"{parent.group_id}.")
        return self.group_id

    def child_id(self, label: str) -> str:
        """Return the id of a task or group of that name in this group."""
        return f"{self.group_id}.{label}" if self.prefix_group_id and self.group_id else label

    # --- members --------------------------------------------------------------------------------------------

    def add(self, node: TaskNode | TaskGroup) -> TaskNode | TaskGroup:
        """Take in a task or a group.

        Raises:
            DuplicateTaskIdFound: the name is taken.
            TaskAlreadyInTaskGroup: the task is in another group.
        """
        key = str(node.node_id)
        if self.children.get(key) is node:
            return node
        if isinstance(node, TaskNode):
            self._adopt(node)
        used = self.dag.used_node_ids if self.dag is not None else self.children
        if key in used:
            owner = f"DAG {self.dag.dag_id!r}" if self.dag is not None else "the group"
            raise DuplicateTaskIdFound(f"{owner} has a task or group {key!r} already")
        self.children[key] = node
        if self.dag is not None:
            self.dag.used_node_ids.add(key)
        return node

    def _adopt(self, task: TaskNode) -> None:
        """Let a task that is in no group, or in the DAG's own, be in this one."""
        group = task.task_group
        if group is not None and group is not self and not group.is_root:
            raise TaskAlreadyInTaskGroup(
                f"task {task.task_id!r} is in group {group.group_id!r} already; "
                f"it cannot join {self.group_id!r}"
            )
        task.task_group = self

    def iter_tasks(self) -> Iterator[Any]:
        """Yield all tasks inside, at any depth, in the order in which they were made."""
        for child in self.children.values():
            if isinstance(child, TaskGroup):
                yield from child.iter_tasks()
            else:
                yield child

    def __iter__(self) -> Iterator[Any]:
        return self.iter_tasks()

    def iter_groups(self) -> Iterator[TaskGroup]:
        """Yield all groups inside, each before the ones inside of it."""
        for child in self.children.values():
            if isinstance(child, TaskGroup):
                yield child
                yield from child.iter_groups()

    def get_task_group_dict(self) -> dict[str | None, TaskGroup]:
        """Return this group and all inside of it by id."""
        return {self.group_id: self, **{group.group_id: group for group in self.iter_groups()}}

    def has_task(self, task: TaskNode) -> bool:
        """Return whether a task is inside, at any depth."""
        return any(member is task for member in self.iter_tasks())

    def get_child_by_label(self, label: str) -> TaskNode | TaskGroup:
        """Return a direct member by its name in this group."""
        return self.children[self.child_id(label)]

    def iter_mapped_task_groups(self) -> Iterator[TaskGroup]:
        """Yield the mapped groups around, innermost first, beginning with this one."""
        group: TaskGroup | None = self
        while group is not None:
            if group.is_mapped:
                yield group
            group = group.parent_group

    # --- edges ----------------------------------------------------------------------------------------------

    @property
    def roots(self) -> Sequence[Any]:
        """Return the tasks with no upstream inside the group."""
        tasks = list(self.iter_tasks())
        inside = {task.task_id for task in tasks}
        return [task for task in tasks if inside.isdisjoint(task.upstream_task_ids)]

    @property
    def leaves(self) -> Sequence[Any]:
        """Return the tasks that end the group; teardowns are looked through."""
        tasks = list(self.iter_tasks())
        teardowns = {task.task_id for task in tasks if task.is_teardown}
        work = {task.task_id for task in tasks} - teardowns
        return [
            task
            for task in tasks
            if task.task_id in work
            and work.isdisjoint(task.downstream_task_ids)
            and not (task.is_setup and not teardowns.isdisjoint(task.downstream_task_ids))
        ]

    @property
    def upstream_list(self) -> list[Any]:
        """Return the tasks that were put directly before the group as a whole, by id."""
        return [self.dag.get_task(task_id) for task_id in sorted(self.upstream_task_ids)]

    @property
    def downstream_list(self) -> list[Any]:
        """Return the tasks that were put directly after the group as a whole, by id."""
        return [self.dag.get_task(task_id) for task_id in sorted(self.downstream_task_ids)]

    def get_roots(self) -> Iterator[Any]:
        """Yield the tasks with no upstream inside the group."""
        yield from self.roots

    def get_leaves(self) -> Iterator[Any]:
        """Yield the tasks that end the group."""
        yield from self.leaves

    def set_upstream(self, other: Any, edge_modifier: Any = None) -> None:
        """Let ``other`` run before the group's first tasks."""
        self._wire(other, upstream=True, edge_modifier=edge_modifier)

    def set_downstream(self, other: Any, edge_modifier: Any = None) -> None:
        """Let ``other`` run after the group's last tasks."""
        self._wire(other, upstream=False, edge_modifier=edge_modifier)

    def _wire(self, other: Any, *, upstream: bool, edge_modifier: Any) -> None:
        for part in each_wirable(other):
            self.update_relative(part, upstream, edge_modifier)
            if isinstance(part, TaskGroup):
                part.update_relative(self, not upstream, edge_modifier)
            for task in self.roots if upstream else self.leaves:
                if upstream:
                    task.set_upstream(part, edge_modifier)
                else:
                    task.set_downstream(part, edge_modifier)

    def update_relative(
        self, other: DependencyMixin, upstream: bool = True, edge_modifier: Any = None
    ) -> None:
        """Remember that ``other`` was wired to the group as a whole."""
        if isinstance(other, TaskGroup):
            (self.upstream_group_ids if upstream else self.downstream_group_ids).add(str(other.group_id))
        elif isinstance(other, TaskNode):
            (self.upstream_task_ids if upstream else self.downstream_task_ids).add(other.task_id)

    # --- as a block -----------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        TaskGroupContext.push(self)
        return self

    def __exit__(self, *details: object) -> None:
        TaskGroupContext.pop()

    def __repr__(self) -> str:
        return f"<TaskGroup: {self.group_id}>"


class MappedTaskGroup(TaskGroup):
    """A group of which a run has one instance per value of the group's arguments."""

    is_mapped = True

    def __init__(self, *, expand_input: ExpandInput, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.expand_input = expand_input
        if self.parent_group is not None and any(self.parent_group.iter_mapped_task_groups()):
            raise InvalidDagError(
                f"task group {self.group_id!r} is expanded inside of a group that is expanded itself; this "
                "is not possible"
            )

    def map_spec(self) -> MapSpec:
        """Describe the number of instances for the scheduler."""
        assert self.expand_input is not None  # set in __init__
        return self.expand_input.map_spec()

    def __exit__(self, *details: object) -> None:
        assert self.expand_input is not None  # set in __init__
        for operator in dict.fromkeys(operator for operator, _ in self.expand_input.iter_references()):
            self.set_upstream(operator)
        super().__exit__(*details)

"""A DAG version made ready for scheduling: tasks by number, edges as tuples of numbers."""

from __future__ import annotations

from typing import Final

from etesian.lifecycle.state import RunType
from etesian.spec.dag import DagSpec
from etesian.spec.schedule import ContinuousSchedule
from etesian.spec.task import MapSpec, TaskSpec, XComInput

#: Callbacks that the scheduler sends to workers; ``execute`` is called by the attempt itself.
SENT_CALLBACKS: Final = frozenset({"success", "failure", "retry", "skipped"})


class Expansion:
    """Tasks that are expanded together: one mapped task, or all tasks of a mapped group."""

    __slots__ = ("members", "name", "sources", "spec")

    def __init__(self, name: str, spec: MapSpec) -> None:
        self.name = name  #: id of the task or group
        self.spec = spec
        self.members: list[int] = []
        #: (task_id, XCom key) of each value whose length decides
        self.sources: tuple[tuple[str, str], ...] = tuple(
            sorted(
                {
                    (task_id, item.key)
                    for item in spec.inputs.values()
                    if isinstance(item, XComInput)
                    for task_id in item.task_ids
                }
            )
        )


class GraphTask:
    """One task of a DAG version. Numbers are positions in ``DagGraph.tasks``.

    An edge *within* a mapped group joins task instances of the same map index; any other edge joins all.
    """

    __slots__ = (
        "callbacks",
        "downstream",
        "downstream_within",
        "expansion",
        "feeds",
        "guarded",
        "guarded_within",
        "has_bounds",
        "index",
        "is_leaf",
        "is_silent",
        "setups",
        "setups_within",
        "spec",
        "task_id",
        "upstream",
        "upstream_within",
        "uses_past",
    )

    def __init__(self, index: int, spec: TaskSpec, expansion: Expansion | None) -> None:
        self.index = index
        self.spec = spec
        self.task_id = spec.task_id
        self.expansion = expansion
        self.upstream: tuple[int, ...] = ()
        self.upstream_within: tuple[int, ...] = ()
        self.downstream: tuple[int, ...] = ()
        self.downstream_within: tuple[int, ...] = ()
        self.setups: tuple[int, ...] = ()  #: indirect setup tasks that must have succeeded
        self.setups_within: tuple[int, ...] = ()
        self.guarded: tuple[int, ...] = ()  #: of a setup: the tasks that have it in ``setups``
        self.guarded_within: tuple[int, ...] = ()
        self.feeds: tuple[Expansion, ...] = ()  #: whose length an XCom of this task decides
        self.is_leaf = False  #: its state counts for the state of the run
        self.has_bounds = spec.start_date is not None or spec.end_date is not None
        self.uses_past = spec.depends_on_past or spec.wait_for_downstream
        self.callbacks = frozenset(spec.callbacks) & SENT_CALLBACKS
        #: nobody would notice whether a worker ran it: the scheduler completes it itself
        self.is_silent = spec.is_empty and not spec.callbacks and not spec.outlets


class DagGraph:
    """One version of a DAG."""

    __slots__ = (
        "__weakref__",
        "bundle",
        "bundle_version",
        "code_hash",
        "dag_id",
        "expansions",
        "index",
        "max_active_runs",
        "spec",
        "tasks",
        "uses_past",
        "version_hash",
    )

    def __init__(
        self,
        spec: DagSpec,
        *,
        version_hash: str,
        code_hash: str,
        bundle: str,
        bundle_version: str | None = None,
    ) -> None:
        self.spec = spec
        self.dag_id = spec.dag_id
        self.version_hash = version_hash
        self.code_hash = code_hash
        self.bundle = bundle
        self.bundle_version = bundle_version
        self.expansions: dict[str, Expansion] = {}
        by_group = self._collect_group_expansions()
        self.tasks = tuple(
            GraphTask(number, task, self._expansion_of(task, by_group))
            for number, task in enumerate(spec.tasks)
        )
        self.index: dict[str, int] = {task.task_id: task.index for task in self.tasks}
        self._add_members()
        self._add_edges()
        self._add_guards()
        self._mark_leaves()
        is_continuous = isinstance(spec.schedule, ContinuousSchedule)
        self.max_active_runs = min(spec.max_active_runs, 1) if is_continuous else spec.max_active_runs
        self.uses_past = any(task.uses_past for task in self.tasks)

    @property
    def pinned_version(self) -> str | None:
        """The version of the bundle that a run keeps which starts now; None: its tasks read the newest files."""
        return None if self.spec.disable_bundle_versioning else self.bundle_version

    def allows(self, run_type: RunType) -> bool:
        """Return whether the DAG permits runs of that type."""
        allowed = self.spec.allowed_run_types
        return allowed is None or run_type.value in allowed

    def _collect_group_expansions(self) -> dict[str, Expansion]:
        """Return, for each group inside a mapped group or mapped itself, the mapping."""
        groups = {group.group_id: group for group in self.spec.groups}
        found: dict[str, Expansion] = {}
        for group in self.spec.groups:
            around = group
            while around.mapped is None and around.parent is not None:
                around = groups[around.parent]
            if around.mapped is not None:
                expansion = self.expansions.setdefault(
                    around.group_id, Expansion(around.group_id, around.mapped)
                )
                found[group.group_id] = expansion
        return found

    def _expansion_of(self, task: TaskSpec, by_group: dict[str, Expansion]) -> Expansion | None:
        if task.mapped is not None:
            return self.expansions.setdefault(task.task_id, Expansion(task.task_id, task.mapped))
        return by_group.get(task.group) if task.group is not None else None

    def _add_members(self) -> None:
        for task in self.tasks:
            if task.expansion is not None:
                task.expansion.members.append(task.index)
        feeds: dict[str, dict[Expansion, None]] = {}
        for expansion in self.expansions.values():
            for task_id, _ in expansion.sources:
                feeds.setdefault(task_id, {})[expansion] = None
        for task_id, fed in feeds.items():
            if task_id in self.index:
                self.tasks[self.index[task_id]].feeds = tuple(fed)

    def _add_edges(self) -> None:
        downstream: dict[int, list[int]] = {}
        downstream_within: dict[int, list[int]] = {}
        for task in self.tasks:
            upstream = [self.index[task_id] for task_id in task.spec.upstream]
            within = [number for number in upstream if self._is_within(number, task)]
            task.upstream_within = tuple(within)
            task.upstream = tuple(number for number in upstream if not self._is_within(number, task))
            for number in task.upstream:
                downstream.setdefault(number, []).append(task.index)
            for number in within:
                downstream_within.setdefault(number, []).append(task.index)
        for number, targets in downstream.items():
            self.tasks[number].downstream = tuple(targets)
        for number, targets in downstream_within.items():
            self.tasks[number].downstream_within = tuple(targets)

    def _is_within(self, upstream: int, task: GraphTask) -> bool:
        return task.expansion is not None and self.tasks[upstream].expansion is task.expansion

    def _add_guards(self) -> None:
        """Find for each task the setups above it that it needs though they are not directly upstream.

        A setup counts if it has no teardown, or one of its teardowns is below the task: then the task is in its scope.
        """
        setups = [task for task in self.tasks if task.spec.is_setup]
        if not setups:
            return
        for setup in setups:
            below = self.collect_below(setup.index)
            teardowns = {
                number for number in self.direct_downstream(setup) if self.tasks[number].spec.is_teardown
            }
            in_scope = below if not teardowns else below & set().union(*map(self.collect_above, teardowns))
            direct = set(self.direct_downstream(setup))
            for number in sorted(in_scope - direct - teardowns):
                if self.tasks[number].spec.is_teardown:
                    continue
                self._guard(setup, self.tasks[number])

    def _guard(self, setup: GraphTask, task: GraphTask) -> None:
        if self._is_within(setup.index, task):
            setup.guarded_within += (task.index,)
            task.setups_within += (setup.index,)
        else:
            setup.guarded += (task.index,)
            task.setups += (setup.index,)

    def _mark_leaves(self) -> None:
        for task in self.tasks:
            task.is_leaf = self._counts_for_run(task) and not any(
                self._counts_for_run(self.tasks[number]) for number in self.direct_downstream(task)
            )
        if not any(task.is_leaf for task in self.tasks):
            for task in self.tasks:
                task.is_leaf = not self.direct_downstream(task)

    @staticmethod
    def _counts_for_run(task: GraphTask) -> bool:
        """Teardowns are not asked how the run went, unless they want to be."""
        return not task.spec.is_teardown or task.spec.on_failure_fail_dag_run

    def direct_downstream(self, task: GraphTask) -> tuple[int, ...]:
        """Return all tasks directly below."""
        return task.downstream + task.downstream_within

    def direct_upstream(self, task: GraphTask) -> tuple[int, ...]:
        """Return all tasks directly above."""
        return task.upstream + task.upstream_within

    def collect_below(self, number: int) -> set[int]:
        """Return all tasks below one, directly or not."""
        return self._collect(number, up=False)

    def collect_above(self, number: int) -> set[int]:
        """Return all tasks above one, directly or not."""
        return self._collect(number, up=True)

    def _collect(self, number: int, *, up: bool) -> set[int]:
        step = self.direct_upstream if up else self.direct_downstream
        found: set[int] = set()
        stack = list(step(self.tasks[number]))
        while stack:
            reached = stack.pop()
            if reached not in found:
                found.add(reached)
                stack.extend(step(self.tasks[reached]))
        return found

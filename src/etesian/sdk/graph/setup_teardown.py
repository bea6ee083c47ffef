"""``with setup >> teardown:`` puts the tasks made inside between the two."""

from __future__ import annotations

from typing import Any, ClassVar

from etesian.sdk.exceptions import InvalidDagError


class SetupTeardownContext:
    """The open setup/teardown blocks. Tasks are held as ``Any``: their class is defined above this module."""

    _open: ClassVar[list[tuple[list[Any], list[Any], list[Any]]]] = []

    @classmethod
    def enter(cls, task: Any) -> None:
        """Open the block of a setup or teardown; its partners are found through the wiring.

        Raises:
            InvalidDagError: the task is neither.
        """
        if task.is_teardown:
            teardowns = [task]
            setups = [upstream for upstream in task.upstream_list if upstream.is_setup]
        elif task.is_setup:
            setups = [task]
            teardowns = [downstream for downstream in task.downstream_list if downstream.is_teardown]
        else:
            raise InvalidDagError(
                f"task {task.task_id!r} opens a `with` block but is neither a setup nor a teardown"
            )
        cls._open.append((setups, teardowns, []))

    @classmethod
    def add(cls, task: Any) -> None:
        """Take in a task that was made inside the open block."""
        if cls._open:
            cls._open[-1][2].append(task)

    @classmethod
    def leave(cls) -> None:
        """Close the block: setups before its first tasks, teardowns after its last ones."""
        setups, teardowns, tasks = cls._open.pop()
        inside = {task.task_id for task in tasks}
        for task in tasks:
            if task.is_setup or task.is_teardown:
                continue
            if not inside & task.upstream_task_ids:
                for setup in setups:
                    task.set_upstream(setup)
            if not inside & task.downstream_task_ids:
                for teardown in teardowns:
                    task.set_downstream(teardown)
        if cls._open:
            cls._open[-1][2].extend(tasks)

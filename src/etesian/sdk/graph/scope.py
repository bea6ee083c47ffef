"""Which DAG and task group the code being imported is inside of: the ``with`` blocks that are open now.

The objects are held as ``Any``: this module is below the ones that define DAGs and groups.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar


class DagContext:
    """The open ``with DAG(...)`` blocks, and the DAGs that registered while a file was imported."""

    _open: ClassVar[list[Any]] = []
    #: DAGs in the order in which they were entered or decorated, each once, with the module that did it
    autoregistered_dags: ClassVar[dict[Any, None]] = {}
    #: name of the module being imported as a DAG file; None when code runs outside of a loader
    current_autoregister_module_name: ClassVar[str | None] = None
    #: path of the DAG file being imported, to tell on which of its lines a task was made
    current_file: ClassVar[str | None] = None
    #: True while one instance of a mapped task is made at run time: it joins no DAG and no group
    is_detached: ClassVar[bool] = False

    @classmethod
    def push(cls, dag: Any) -> None:
        """Enter a DAG; operators made from now on belong to it."""
        cls._open.append(dag)
        if getattr(dag, "auto_register", True):
            cls.register(dag)

    @classmethod
    def pop(cls) -> Any:
        """Leave the innermost DAG and return it."""
        return cls._open.pop() if cls._open else None

    @classmethod
    def get_current(cls) -> Any:
        """Return the innermost open DAG, or None."""
        return cls._open[-1] if cls._open and not cls.is_detached else None

    #: the name that DAG files of Airflow 1 and 2 know
    get_current_dag = get_current
    push_context_managed_dag = push
    pop_context_managed_dag = pop

    @classmethod
    def reset(cls) -> None:
        """Forget the blocks that an import which raised left open."""
        cls._open.clear()

    @classmethod
    def register(cls, dag: Any) -> None:
        """Remember a DAG of the file being imported, so that it is found without a global variable."""
        name = cls.current_autoregister_module_name
        if name is not None:
            cls.autoregistered_dags.setdefault((dag, sys.modules.get(name)), None)


@contextmanager
def detached() -> Iterator[None]:
    """Let operators be made that join no DAG and no group."""
    DagContext.is_detached = True
    try:
        yield
    finally:
        DagContext.is_detached = False


class TaskGroupContext:
    """The open ``with TaskGroup(...)`` blocks."""

    _open: ClassVar[list[Any]] = []

    @classmethod
    def push(cls, group: Any) -> None:
        """Enter a group; operators made from now on belong to it."""
        cls._open.append(group)

    @classmethod
    def pop(cls) -> Any:
        """Leave the innermost group and return it."""
        return cls._open.pop() if cls._open else None

    @classmethod
    def reset(cls) -> None:
        """Forget the blocks that an import which raised left open."""
        cls._open.clear()

    @classmethod
    def get_current(cls, dag: Any = None) -> Any:
        """Return the innermost open group of ``dag`` (or of the open DAG), else its root group, else None."""
        dag = dag if dag is not None else DagContext.get_current()
        for group in reversed(cls._open):
            if dag is None or group.dag is dag:
                return group
        return dag.task_group if dag is not None else None


@contextmanager
def set_aside() -> Iterator[None]:
    """Let another DAG file be imported while one is; afterwards all is as it was."""
    opened, registered = list(DagContext._open), dict(DagContext.autoregistered_dags)
    groups = list(TaskGroupContext._open)
    module, file = DagContext.current_autoregister_module_name, DagContext.current_file
    try:
        yield
    finally:
        DagContext._open[:] = opened
        TaskGroupContext._open[:] = groups
        DagContext.autoregistered_dags.clear()
        DagContext.autoregistered_dags.update(registered)
        DagContext.current_autoregister_module_name, DagContext.current_file = module, file


def find_line(file: str | None) -> int | None:
    """Return the line of ``file`` that is being executed, looking outwards from the caller, or None."""
    frame = sys._getframe(1)
    while frame is not None and file is not None:
        if frame.f_code.co_filename == file:
            return frame.f_lineno
        if frame.f_back is None:
            break
        frame = frame.f_back
    return None

"""DAG: tasks, their order, and when they run together. Also the ``@dag`` decorator."""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta, tzinfo
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, ParamSpec, overload

from etesian.foundation.ids import check_key
from etesian.sdk.dags.dag_of_old import DagOfOld
from etesian.sdk.dags.deadline import as_deadlines
from etesian.sdk.defaults import authoring_defaults
from etesian.sdk.era import UnknownArguments, current_era
from etesian.sdk.exceptions import DuplicateTaskIdFound, InvalidDagError, TaskNotFound
from etesian.sdk.graph.order import sort_topologically
from etesian.sdk.graph.scope import DagContext, TaskGroupContext, find_line
from etesian.sdk.late_names import load_late
from etesian.sdk.params.param import DagParam, ParamsDict
from etesian.sdk.running.templates import create_environment
from etesian.sdk.tasks.arguments import as_callbacks, as_optional_timedelta, as_utc, check_at_least
from etesian.sdk.tasks.old_arguments import DAG_RENAMED, DAG_WITHOUT_EFFECT, rename_arguments
from etesian.sdk.tasks.task_group import TaskGroup
from etesian.sdk.tasks.task_node import TaskNode
from etesian.sdk.time.timezone import as_tzinfo
from etesian.sdk.xcoms.xcom_arg import NOTSET, XComArg

if TYPE_CHECKING:
    from typing import Self

    import jinja2

    from etesian.sdk.timetables.timetable_base import Timetable

Arguments = ParamSpec("Arguments")
#: carries out ``dag.test()``; lives above the SDK
_TEST_RUN = "etesian.testing.dag_test:run_dag_test"
#: carries out ``dag.cli()``
_DAG_CLI = "etesian.cli.dag_cli:run_dag_cli"
_PACKAGE_FOLDER: Final = str(Path(__file__).parents[1])


class DAG(DagOfOld):
    """A graph of tasks and its schedule.

    Use it as a block, ``with DAG("etl", schedule="@daily"):``, pass it as ``dag=`` to tasks, or write a
    function and decorate it with ``@dag``. ``schedule`` is a cron text, a preset, a timedelta, a timetable,
    an asset or several, or None; cron texts and timedeltas fire at their times. ``schedule_interval``, the
    older spelling, gives runs that cover the period before.
    """

    def __init__(
        self,
        dag_id: str,
        description: str | None = None,
        schedule: Any = NOTSET,
        *,
        schedule_interval: Any = NOTSET,
        timetable: Any = None,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
        catchup: bool | None = None,
        default_args: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        max_active_runs: int | None = None,
        max_active_tasks: int | None = None,
        max_consecutive_failed_dag_runs: int = 0,
        dagrun_timeout: timedelta | float | None = None,
        fail_fast: bool = False,
        on_success_callback: Any = None,
        on_failure_callback: Any = None,
        sla_miss_callback: Any = None,
        deadline: Any = None,
        tags: Collection[str] | None = None,
        doc_md: str | None = None,
        dag_display_name: str | None = None,
        owner_links: Mapping[str, str] | None = None,
        access_control: Mapping[str, Any] | None = None,
        default_view: str = "grid",
        is_paused_upon_creation: bool | None = None,
        disable_bundle_versioning: bool = False,
        rerun_with_latest_version: bool | None = None,
        allowed_run_types: Collection[Any] | None = None,
        template_searchpath: str | Iterable[str] | None = None,
        template_undefined: type[jinja2.Undefined] | None = None,
        user_defined_macros: Mapping[str, Any] | None = None,
        user_defined_filters: Mapping[str, Callable[..., Any]] | None = None,
        jinja_environment_kwargs: Mapping[str, Any] | None = None,
        render_template_as_native_obj: bool = False,
        auto_register: bool = True,
        **kwargs: Any,
    ) -> None:
        self.dag_id = check_key(dag_id, "dag_id")
        what = f"DAG {dag_id!r}"
        renamed = rename_arguments(kwargs, DAG_RENAMED, DAG_WITHOUT_EFFECT)
        if kwargs:
            possible = inspect.signature(DAG.__init__).parameters
            current_era().on_unknown_arguments(
                UnknownArguments(owner=what, names=tuple(kwargs), possible=possible)
            )

        defaults = authoring_defaults()
        self.fileloc, self.line = _find_caller()
        self.default_args: dict[str, Any] = dict(default_args or {})
        self.task_dict: dict[str, Any] = {}
        #: ids of tasks and groups: they share one name space
        self.used_node_ids: set[str] = set()
        self.task_group = TaskGroup.create_root(self)
        self.edge_info: dict[str, dict[str, dict[str, Any]]] = {}

        self.description = description
        self.doc_md = _read_doc(doc_md, self.folder)
        self._dag_display_name = dag_display_name
        self.tags = set(tags or ())
        self.owner_links = dict(owner_links or {})
        self.access_control = dict(access_control or {})
        self.default_view = default_view
        self.is_paused_upon_creation = is_paused_upon_creation
        self.disable_bundle_versioning = disable_bundle_versioning
        self.rerun_with_latest_version = rerun_with_latest_version
        self.allowed_run_types = allowed_run_types
        self.auto_register = auto_register

        self._take_schedule(schedule, schedule_interval, timetable, catchup)
        start_date = start_date or self.default_args.get("start_date")
        self.timezone: tzinfo = getattr(start_date, "tzinfo", None) or as_tzinfo(None)
        self.start_date = as_utc(start_date, f"{what}: start_date")
        self.end_date = as_utc(end_date or self.default_args.get("end_date"), f"{what}: end_date")
        self.max_active_runs = check_at_least(
            _first(max_active_runs, defaults.max_active_runs), 0, f"{what}: max_active_runs"
        )
        max_active_tasks = renamed.get("max_active_tasks", max_active_tasks)
        self.max_active_tasks = check_at_least(
            _first(max_active_tasks, defaults.max_active_tasks), 0, f"{what}: max_active_tasks"
        )
        self.max_consecutive_failed_dag_runs = check_at_least(
            max_consecutive_failed_dag_runs, 0, f"{what}: max_consecutive_failed_dag_runs"
        )
        self.dagrun_timeout = as_optional_timedelta(dagrun_timeout, f"{what}: dagrun_timeout")
        self.fail_fast = bool(renamed.get("fail_fast", fail_fast))
        self.on_success_callback = as_callbacks(on_success_callback, f"{what}: on_success_callback")
        self.on_failure_callback = as_callbacks(on_failure_callback, f"{what}: on_failure_callback")
        self.sla_miss_callback = as_callbacks(sla_miss_callback, f"{what}: sla_miss_callback")
        self.deadline = as_deadlines(deadline, what)

        self.params = ParamsDict(self.default_args.get("params"))
        self.params.update(params or {})
        self.template_searchpath = (
            [template_searchpath] if isinstance(template_searchpath, str) else list(template_searchpath or ())
        )
        self.template_undefined = template_undefined
        #: whether names that templates do not know are empty where ``template_undefined`` says nothing
        self.undefined_names_are_empty = current_era().undefined_names_are_empty
        self.user_defined_macros = dict(user_defined_macros or {})
        self.user_defined_filters = dict(user_defined_filters or {})
        self.jinja_environment_kwargs = dict(jinja_environment_kwargs or {})
        self.render_template_as_native_obj = render_template_as_native_obj

    def _take_schedule(
        self, schedule: Any, schedule_interval: Any, timetable: Any, catchup: bool | None
    ) -> None:
        """Keep the one schedule that was given, and whether it is written in the older spelling."""
        given = [value for value in (schedule, schedule_interval) if value is not NOTSET]
        if timetable is not None:
            given.append(timetable)
        if len(given) > 1:
            raise InvalidDagError(
                f"DAG {self.dag_id!r} is given more than one of schedule, schedule_interval and timetable"
            )
        era = current_era()
        #: what the author wrote
        self.schedule: Any = given[0] if given else era.default_schedule
        is_old_spelling = schedule_interval is not NOTSET
        #: whether a cron text or a timedelta covers the period before the moment at which it fires
        self.covers_interval = is_old_spelling or era.cron_covers_interval
        #: whether missed runs are made up for; the older spelling keeps the older default
        self.catchup = bool(_first(catchup, era.catchup or is_old_spelling))

    # --- describing -----------------------------------------------------------------------------------------

    @property
    def schedule_interval(self) -> Any:
        """Return the schedule as the author wrote it."""
        return self.schedule

    @property
    def timetable(self) -> Timetable:
        """Return the schedule as a timetable."""
        # Late, because timetables compute with dates in ways that a file which is only imported does not
        # need.
        from etesian.sdk.timetables.schedule_argument import as_timetable

        return as_timetable(self.schedule, covers_interval=self.covers_interval, timezone=self.timezone)

    @property
    def dag_display_name(self) -> str:
        """Return the name to show."""
        return self._dag_display_name or self.dag_id

    @property
    def safe_dag_id(self) -> str:
        """Return the id without dots."""
        return self.dag_id.replace(".", "__dot__")

    @property
    def owner(self) -> str:
        """Return the owners of the tasks."""
        return ", ".join(sorted({task.owner for task in self.tasks}))

    @property
    def folder(self) -> str:
        """Return the folder of the file that defines the DAG."""
        return str(Path(self.fileloc).parent)

    @property
    def filepath(self) -> str:
        """Return the file that defines the DAG."""
        return self.fileloc

    @property
    def is_active(self) -> bool:
        """Whether a file defines the DAG: always, for who holds it."""
        return True

    def __repr__(self) -> str:
        return f"<DAG: {self.dag_id}>"

    def __lt__(self, other: DAG) -> bool:
        return self.dag_id < other.dag_id

    # --- tasks ----------------------------------------------------------------------------------------------

    @property
    def tasks(self) -> list[Any]:
        """Return the tasks in the order in which they were added."""
        return list(self.task_dict.values())

    @property
    def task_ids(self) -> list[str]:
        """Return the ids of the tasks."""
        return list(self.task_dict)

    @property
    def roots(self) -> list[Any]:
        """Return the tasks with no upstream."""
        return [task for task in self.tasks if not task.upstream_task_ids]

    @property
    def leaves(self) -> list[Any]:
        """Return the tasks with no downstream."""
        return [task for task in self.tasks if not task.downstream_task_ids]

    def add_task(self, task: TaskNode) -> None:
        """Take in a task.

        Raises:
            DuplicateTaskIdFound: there is one of that id, and the file's era does not let the first one count.
        """
        held = self.task_dict.get(task.task_id)
        if held is task:
            return
        if held is not None:
            self.refuse_repeated(task.task_id)
            return
        if not task.has_dag():
            task._dag = self
        if task.task_group is None:
            self.task_group.add(task)
        self.task_dict[task.task_id] = task

    def refuse_repeated(self, task_id: str) -> None:
        """Say that there is a task of that id, in the way of the file's era.

        Raises:
            DuplicateTaskIdFound: the era allows no second one.
        """
        text = f"DAG {self.dag_id!r} has a task or group {task_id!r} already"
        if not current_era().first_of_repeated_tasks_counts:
            raise DuplicateTaskIdFound(text)
        warnings.warn(f"{text}; the first one counts", stacklevel=2)

    def add_tasks(self, tasks: Iterable[TaskNode]) -> None:
        """Take in several tasks."""
        for task in tasks:
            self.add_task(task)

    def has_task(self, task_id: str) -> bool:
        """Return whether there is a task of that id."""
        return task_id in self.task_dict

    def get_task(self, task_id: str, include_subdags: bool = False) -> Any:
        """Return the task of that id.

        Raises:
            TaskNotFound: there is none.
        """
        try:
            return self.task_dict[task_id]
        except KeyError:
            raise TaskNotFound(f"DAG {self.dag_id!r} has no task {task_id!r}") from None

    def topological_sort(self) -> tuple[Any, ...]:
        """Return the tasks so that each comes after its upstream; otherwise in the order in which they were
        added.

        Raises:
            AirflowDagCycleException: tasks wait for each other.
        """
        edges = {task_id: task.upstream_task_ids for task_id, task in self.task_dict.items()}
        return tuple(self.task_dict[task_id] for task_id in sort_topologically(self.dag_id, edges))

    def set_edge_info(self, upstream_task_id: str, downstream_task_id: str, info: Mapping[str, Any]) -> None:
        """Keep the text of an edge."""
        self.edge_info.setdefault(upstream_task_id, {})[downstream_task_id] = dict(info)

    def get_edge_info(self, upstream_task_id: str, downstream_task_id: str) -> dict[str, Any]:
        """Return what is known of an edge."""
        return self.edge_info.get(upstream_task_id, {}).get(downstream_task_id, {})

    def set_dependency(self, upstream_task_id: str, downstream_task_id: str) -> None:
        """Put one task before another, by their ids."""
        self.get_task(upstream_task_id).set_downstream(self.get_task(downstream_task_id))

    def add_result(self, result: XComArg) -> XComArg:
        """Say that this task result is what the DAG gives back."""
        result.operator.returns_dag_result = True
        return result

    def param(self, name: str, default: Any = NOTSET) -> DagParam:
        """Return a stand-in for a param's value in the run."""
        return DagParam(self, name, default)

    # --- templates ------------------------------------------------------------------------------------------

    def get_template_env(
        self, *, native: bool | None = None, force_sandboxed: bool = False
    ) -> jinja2.Environment:
        """Return the Jinja environment of the DAG's tasks."""
        return create_environment(
            searchpath=[self.folder, *self.template_searchpath],
            undefined=self.template_undefined,
            is_lenient=self.undefined_names_are_empty,
            macros={"dag": self, **self.user_defined_macros},
            filters=self.user_defined_filters,
            native=self.render_template_as_native_obj if native is None else native,
            extra=self.jinja_environment_kwargs,
        )

    def resolve_template_files(self) -> None:
        """Let each task prepare its template fields."""
        for task in self.tasks:
            task.resolve_template_files()

    # --- as a block -----------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        DagContext.push(self)
        TaskGroupContext.push(self.task_group)
        return self

    def __exit__(self, *details: object) -> None:
        TaskGroupContext.pop()
        DagContext.pop()

    # --- running in this process ----------------------------------------------------------------------------

    def test(self, *args: Any, **kwargs: Any) -> Any:
        """Run the DAG once in this process, without server and database, and return the run."""
        return load_late(_TEST_RUN)(self, *args, **kwargs)

    def cli(self) -> Any:
        """Let the file be used as a command for its own DAG."""
        return load_late(_DAG_CLI)(self)


def _first(value: Any, default: Any) -> Any:
    return default if value is None else value


def _find_caller() -> tuple[str, int | None]:
    """Return file and line of the code that makes a DAG: the first frame outside of the SDK."""
    frame: Any = sys._getframe(1)
    while frame.f_code.co_filename.startswith(_PACKAGE_FOLDER) and frame.f_back is not None:
        frame = frame.f_back
    file = frame.f_code.co_filename
    return file, frame.f_lineno if DagContext.current_file in (None, file) else find_line(
        DagContext.current_file
    )


def _read_doc(doc_md: str | None, folder: str) -> str | None:
    """Return the text of a ``.md`` file that is given instead of a text; a file that is not there is shown by
    its name.
    """
    if not doc_md or not doc_md.endswith(".md") or "\n" in doc_md:
        return doc_md
    for path in (Path(doc_md), Path(folder) / doc_md):
        if path.is_file():
            return path.read_text(encoding="utf-8")
    return doc_md


@overload
def dag(dag_id: Callable[Arguments, Any]) -> Callable[Arguments, DAG]: ...
@overload
def dag(
    dag_id: str = "", *args: Any, **kwargs: Any
) -> Callable[[Callable[Arguments, Any]], Callable[Arguments, DAG]]: ...
def dag(dag_id: Any = "", *args: Any, **kwargs: Any) -> Any:
    """Turn a function that makes tasks into one that makes a DAG; its arguments become params of the DAG.

    The id is the function's name unless given, the documentation its docstring.
    """
    if callable(dag_id):
        return dag("")(dag_id)

    def decorate(function: Callable[..., Any]) -> Callable[..., DAG]:
        signature = inspect.signature(function)

        @wraps(function)
        def make_dag(*call_args: Any, **call_kwargs: Any) -> DAG:
            bound = signature.bind(*call_args, **call_kwargs)
            bound.apply_defaults()
            kwargs_of_dag = dict(kwargs)
            kwargs_of_dag.setdefault("doc_md", inspect.getdoc(function) if function.__doc__ else None)
            made = DAG(dag_id or function.__name__, *args, **kwargs_of_dag)
            made.fileloc = function.__code__.co_filename
            with made:
                returned = function(
                    **{name: made.param(name, value) for name, value in bound.arguments.items()}
                )
            if isinstance(returned, XComArg):
                made.add_result(returned)
            return made

        return make_dag

    return decorate

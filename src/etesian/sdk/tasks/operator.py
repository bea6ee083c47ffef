"""BaseOperator: the base of everything that a task can do."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from copy import deepcopy
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Self

from etesian.foundation.ids import check_key
from etesian.sdk.defaults import authoring_defaults
from etesian.sdk.era import UnknownArguments, current_era
from etesian.sdk.exceptions import InvalidDagError, TaskDeferralError, TaskDeferralTimeout, TaskDeferred
from etesian.sdk.graph.scope import DagContext, TaskGroupContext, find_line
from etesian.sdk.graph.setup_teardown import SetupTeardownContext
from etesian.sdk.params.param import ParamsDict
from etesian.sdk.running.templates import Templater
from etesian.sdk.tasks.arguments import (
    as_callbacks,
    as_collection,
    as_optional_timedelta,
    as_retries,
    as_timedelta,
    as_trigger_rule,
    as_utc,
    check_at_least,
)
from etesian.sdk.tasks.mapping import MappedTask, OperatorPartial
from etesian.sdk.tasks.old_arguments import OPERATOR_RENAMED, OPERATOR_WITHOUT_EFFECT, rename_arguments
from etesian.sdk.tasks.operator_meta import BaseOperatorMeta, signature_of
from etesian.sdk.tasks.task_node import TaskNode
from etesian.sdk.tasks.weight_rules import as_weight_rule
from etesian.sdk.xcoms.reference import NOTSET, ArgNotSet
from etesian.sdk.xcoms.xcom_arg import RETURN_VALUE_KEY, XComArg

if TYPE_CHECKING:
    import jinja2

    from etesian.sdk.context import Context

DEFAULT_OWNER = "airflow"
DEFAULT_POOL = "default_pool"
DEFAULT_QUEUE = "default"
#: ``kwargs`` key under which a failed trigger's message reaches ``resume_execution``
TRIGGER_FAIL_REPR = "__fail__"
#: the value under that key when the trigger did not fire in time
TRIGGER_TIMEOUT = "Trigger timeout"


class BaseOperator(Templater, TaskNode, metaclass=BaseOperatorMeta):
    """A task: subclass it and write ``execute(self, context)``.

    Arguments that are left out are taken from ``default_args`` of the DAG and of the groups around the task.
    Fields named in ``template_fields`` are rendered with Jinja before ``execute``; texts in them that end
    like one of ``template_ext`` are read from files first. What ``execute`` returns is pushed as the task's
    XCom.
    """

    template_fields: Collection[str] = ()
    template_ext: Sequence[str] = ()
    template_fields_renderers: ClassVar[Mapping[str, str]] = {}
    ui_color: str = "#fff"
    ui_fgcolor: str = "#000"
    operator_extra_links: Collection[Any] = ()
    #: attributes that a copy of the task shares instead of copying
    shallow_copy_attrs: Sequence[str] = ()
    #: True for a sensor: its look is not an attempt
    is_sensor = False
    #: what the scheduler needs to complete the task itself, without a worker
    inherits_from_empty_operator = False
    start_trigger_args: Any = None
    start_from_trigger = False
    #: name shown instead of the class name, such as ``@task``
    custom_operator_name: str | None = None
    _cached_logger: logging.Logger | None = None

    def __init__(
        self,
        *,
        task_id: str,
        owner: str = DEFAULT_OWNER,
        email: str | Iterable[str] | None = None,
        email_on_retry: bool = True,
        email_on_failure: bool = True,
        retries: int | ArgNotSet | None = NOTSET,
        retry_delay: timedelta | float | None = None,
        retry_exponential_backoff: bool | float = False,
        max_retry_delay: timedelta | float | None = None,
        retry_policy: Any = None,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
        depends_on_past: bool = False,
        ignore_first_depends_on_past: bool = True,
        wait_for_past_depends_before_skipping: bool = False,
        wait_for_downstream: bool = False,
        dag: Any = None,
        params: Mapping[str, Any] | None = None,
        default_args: Mapping[str, Any] | None = None,
        priority_weight: int = 1,
        weight_rule: Any = "downstream",
        queue: str = DEFAULT_QUEUE,
        pool: str | None = None,
        pool_slots: int = 1,
        sla: timedelta | None = None,
        execution_timeout: timedelta | float | None = None,
        on_execute_callback: Any = None,
        on_failure_callback: Any = None,
        on_success_callback: Any = None,
        on_retry_callback: Any = None,
        on_skipped_callback: Any = None,
        pre_execute: Callable[[Any], None] | None = None,
        post_execute: Callable[[Any, Any], None] | None = None,
        trigger_rule: Any = "all_success",
        run_as_user: str | None = None,
        map_index_template: str | None = None,
        max_active_tis_per_dag: int | None = None,
        max_active_tis_per_dagrun: int | None = None,
        executor: str | None = None,
        executor_config: Any = None,
        isolation: str = "fork",
        do_xcom_push: bool = True,
        multiple_outputs: bool = False,
        inlets: Any = None,
        outlets: Any = None,
        task_group: Any = None,
        doc: str | None = None,
        doc_md: str | None = None,
        doc_json: str | None = None,
        doc_yaml: str | None = None,
        doc_rst: str | None = None,
        task_display_name: str | None = None,
        logger_name: str | None = None,
        allow_nested_operators: bool = True,
        render_template_as_native_obj: bool | None = None,
        **kwargs: Any,
    ) -> None:
        renamed = rename_arguments(kwargs, OPERATOR_RENAMED, OPERATOR_WITHOUT_EFFECT)
        max_active_tis_per_dag = renamed.get("max_active_tis_per_dag", max_active_tis_per_dag)
        do_xcom_push = renamed.get("do_xcom_push", do_xcom_push)
        what = f"{type(self).__name__} {task_id!r}"
        if kwargs:
            possible = {
                name
                for cls in type(self).__mro__
                if "__init__" in vars(cls) and cls is not object
                for name in _arguments_of(cls)
            }
            current_era().on_unknown_arguments(
                UnknownArguments(owner=what, names=tuple(kwargs), possible=possible)
            )

        self.upstream_task_ids: set[str] = set()
        self.downstream_task_ids: set[str] = set()
        self._place(check_key(task_id, "task_id"), dag, task_group)
        self._task_display_name = task_display_name
        self.owner = owner
        self.email = email
        self.email_on_retry = email_on_retry
        self.email_on_failure = email_on_failure

        defaults = authoring_defaults()
        self.retries = as_retries(defaults.retries if retries is NOTSET else retries, f"{what}: retries")
        self.retry_delay = as_timedelta(
            defaults.retry_delay if retry_delay is None else retry_delay, f"{what}: retry_delay"
        )
        self.retry_exponential_backoff = retry_exponential_backoff
        self.max_retry_delay = as_optional_timedelta(max_retry_delay, f"{what}: max_retry_delay")
        self.retry_policy = retry_policy
        self.execution_timeout = as_optional_timedelta(execution_timeout, f"{what}: execution_timeout")
        self.sla = as_optional_timedelta(sla, f"{what}: sla")

        self.start_date = as_utc(start_date, f"{what}: start_date")
        self.end_date = as_utc(end_date, f"{what}: end_date")
        self.depends_on_past = depends_on_past or wait_for_downstream
        self.ignore_first_depends_on_past = ignore_first_depends_on_past
        self.wait_for_past_depends_before_skipping = wait_for_past_depends_before_skipping
        self.wait_for_downstream = wait_for_downstream
        self.trigger_rule = as_trigger_rule(trigger_rule, what)

        self.priority_weight = priority_weight
        self.weight_rule = as_weight_rule(weight_rule, what)
        self.queue = queue
        self.pool = pool or DEFAULT_POOL
        self.pool_slots = check_at_least(pool_slots, 1, f"{what}: pool_slots")
        self.run_as_user = run_as_user
        self.executor = executor
        self.executor_config = executor_config or {}
        self.isolation = isolation
        self.max_active_tis_per_dag = max_active_tis_per_dag
        self.max_active_tis_per_dagrun = max_active_tis_per_dagrun

        self.on_execute_callback = as_callbacks(on_execute_callback, f"{what}: on_execute_callback")
        self.on_failure_callback = as_callbacks(on_failure_callback, f"{what}: on_failure_callback")
        self.on_success_callback = as_callbacks(on_success_callback, f"{what}: on_success_callback")
        self.on_retry_callback = as_callbacks(on_retry_callback, f"{what}: on_retry_callback")
        self.on_skipped_callback = as_callbacks(on_skipped_callback, f"{what}: on_skipped_callback")
        self._pre_execute_hook = pre_execute
        self._post_execute_hook = post_execute

        self.params = self._merge_params(params)
        self.map_index_template = map_index_template
        self.do_xcom_push = do_xcom_push
        self.multiple_outputs = multiple_outputs
        self.inlets = as_collection(inlets)
        self.outlets = as_collection(outlets)
        self.doc = doc
        self.doc_md = doc_md
        self.doc_json = doc_json
        self.doc_yaml = doc_yaml
        self.doc_rst = doc_rst
        self._logger_name = logger_name
        self.allow_nested_operators = allow_nested_operators
        self.render_template_as_native_obj = render_template_as_native_obj
        self.line = find_line(DagContext.current_file or getattr(self._dag, "fileloc", None))
        SetupTeardownContext.add(self)

    # --- making ---------------------------------------------------------------------------------------------

    def _place(self, task_id: str, dag: Any, task_group: Any) -> None:
        """Find the DAG and the group that the task is made in, and join them."""
        if DagContext.is_detached:
            self.task_id, self.task_group = task_id, None
            return
        dag = dag or (task_group.dag if task_group is not None else DagContext.get_current())
        group = task_group if task_group is not None else TaskGroupContext.get_current(dag)
        if dag is None and group is not None:
            dag = group.dag
        self.task_id = group.child_id(task_id) if group is not None else task_id
        self.task_group = group
        if dag is not None and self.task_id in dag.task_dict:
            dag.refuse_repeated(self.task_id)
            self._dag, self.task_group = dag, None
            return
        if group is not None:
            group.add(self)
        if dag is not None:
            self.dag = dag

    def _merge_params(self, own: Mapping[str, Any] | None) -> ParamsDict:
        """Return the DAG's params, then those of ``default_args``, then the task's own, the later ones
        winning.
        """
        merged = ParamsDict()
        for params in (getattr(self._dag, "params", None), self.__dict__["_default_args"].get("params"), own):
            if params:
                merged.update(params)
        return merged

    def _finish_making(self) -> None:
        """Make the tasks whose results are used in template fields upstream of this one."""
        self.__dict__["_is_made"] = True
        if DagContext.is_detached:
            return
        for name in self.template_fields:
            XComArg.apply_upstream_relationship(self, getattr(self, name, None))

    def prepare_for_execution(self) -> BaseOperator:
        """Return a copy to run: what is set on it is a matter of one attempt, and makes nothing upstream."""
        twin = self.__copy__()
        twin.__dict__.pop("_is_made", None)
        return twin

    def __copy__(self) -> BaseOperator:
        twin: BaseOperator = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        return twin

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if "_is_made" in self.__dict__ and name in self.template_fields and not DagContext.is_detached:
            XComArg.apply_upstream_relationship(self, value)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        copied = type(self).__new__(type(self))
        memo[id(self)] = copied
        for name, value in self.__dict__.items():
            copied.__dict__[name] = value if name in self.shallow_copy_attrs else deepcopy(value, memo)
        return copied

    def __repr__(self) -> str:
        return f"<Task({self.task_type}): {self.task_id}>"

    @classmethod
    def partial(cls, **kwargs: Any) -> OperatorPartial:
        """Fix some arguments of a task that ``expand`` makes one copy of per value of the others."""
        return OperatorPartial(operator_class=cls, mapped_class=MappedOperator, kwargs=kwargs)

    # --- order, and what is written ---------------------------------------------------------------------------

    def __lt__(self, other: Any) -> bool:
        return bool(self.task_id < other.task_id) if isinstance(other, BaseOperator) else NotImplemented

    def __gt__(self, other: Any) -> Any:
        """Compare with a task by id; of anything else, ``task > asset`` says that the task writes it."""
        if isinstance(other, BaseOperator):
            return self.task_id > other.task_id
        self.add_outlets(as_collection(other))
        return self

    def add_inlets(self, inlets: Iterable[Any]) -> None:
        """Say what else the task reads."""
        self.inlets = [*self.inlets, *inlets]

    def add_outlets(self, outlets: Iterable[Any]) -> None:
        """Say what else the task writes."""
        self.outlets = [*self.outlets, *outlets]

    # --- describing -----------------------------------------------------------------------------------------

    @property
    def task_type(self) -> str:
        """Return the name of the operator's class."""
        return type(self).__name__

    @property
    def operator_name(self) -> str:
        """Return the name to show: the class's, or the decorator's."""
        return self.custom_operator_name or self.task_type

    @property
    def operator_class(self) -> type[BaseOperator]:
        """Return the operator's class."""
        return type(self)

    @property
    def log(self) -> logging.Logger:
        """The logger of the task."""
        if self._cached_logger is None:
            suffix = (
                f".{self._logger_name}"
                if self.__dict__.get("_logger_name")  # a subclass may log before it calls our __init__
                else f".{type(self).__module__}.{type(self).__name__}"
            )
            self._cached_logger = logging.getLogger(f"airflow.task.operators{suffix}")
        return self._cached_logger

    @log.setter
    def log(self, logger: logging.Logger) -> None:
        self._cached_logger = logger

    @property
    def logger(self) -> logging.Logger:
        """Return the logger of the task."""
        return self.log

    # --- running --------------------------------------------------------------------------------------------

    def pre_execute(self, context: Context) -> None:
        """Be called before ``execute``, with fields rendered."""
        if self._pre_execute_hook is not None:
            self._pre_execute_hook(context)

    def execute(self, context: Context) -> Any:
        """Do the work and return what to push as the task's XCom."""
        raise NotImplementedError(f"{type(self).__name__} has no execute()")

    def post_execute(self, context: Context, result: Any = None) -> None:
        """Be called after ``execute`` with what it returned."""
        if self._post_execute_hook is not None:
            self._post_execute_hook(context, result)

    def on_kill(self) -> None:
        """Clean up when the task is told to stop: end subprocesses, cancel jobs elsewhere."""

    def defer(
        self,
        *,
        trigger: Any,
        method_name: str,
        kwargs: dict[str, Any] | None = None,
        timeout: timedelta | float | None = None,
    ) -> Any:
        """Give the slot back until ``trigger`` fires; ``method_name`` is then called with its event.

        Raises:
            TaskDeferred: always; it is the signal to the platform.
        """
        raise TaskDeferred(trigger=trigger, method_name=method_name, kwargs=kwargs, timeout=timeout)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Go on after a deferral.

        Raises:
            TaskDeferralTimeout: the trigger did not fire in time.
            TaskDeferralError: the trigger failed.
        """
        kwargs = dict(next_kwargs or {})
        if next_method == TRIGGER_FAIL_REPR:
            reason = str(kwargs.get("error", "the trigger failed"))
            raise TaskDeferralTimeout(reason) if reason == TRIGGER_TIMEOUT else TaskDeferralError(reason)
        method = getattr(self, next_method, None)
        if method is None:
            raise InvalidDagError(
                f"{self!r} was deferred to method {next_method!r}, which its class no longer has"
            )
        return method(context, **kwargs)

    def dry_run(self) -> None:
        """Log the rendered fields."""
        for name in self.template_fields:
            self.log.info("%s: %s", name, getattr(self, name, None))

    def get_inlet_defs(self) -> list[Any]:
        """Return what the task reads."""
        return self.inlets

    def get_outlet_defs(self) -> list[Any]:
        """Return what the task writes."""
        return self.outlets

    @staticmethod
    def xcom_push(context: Mapping[str, Any], key: str, value: Any, execution_date: Any = None) -> None:
        """Push a value from within the task; the spelling of older operators."""
        context["ti"].xcom_push(key=key, value=value)

    @staticmethod
    def xcom_pull(
        context: Mapping[str, Any],
        task_ids: str | Iterable[str] | None = None,
        dag_id: str | None = None,
        key: str | None = RETURN_VALUE_KEY,
        include_prior_dates: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Return what other tasks have pushed; the spelling of older operators."""
        return context["ti"].xcom_pull(
            key=key, task_ids=task_ids, dag_id=dag_id, include_prior_dates=bool(include_prior_dates), **kwargs
        )

    # --- templates ------------------------------------------------------------------------------------------

    def get_template_env(self, dag: Any = None) -> jinja2.Environment:
        """Return the Jinja environment of the DAG, native if this task asks for it."""
        dag = dag if dag is not None else self._dag
        if dag is None:
            return super().get_template_env()
        environment: jinja2.Environment = dag.get_template_env(native=self.render_template_as_native_obj)
        return environment

    @property
    def extra_links(self) -> list[str]:
        """Return the names of the extra links."""
        return [link.name for link in self.operator_extra_links if getattr(link, "name", None)]


def _arguments_of(cls: type) -> tuple[str, ...]:
    return signature_of(vars(cls)["__init__"]).names


class MappedOperator(MappedTask, BaseOperator):
    """A task of which a run has one instance per value of its mapped arguments."""

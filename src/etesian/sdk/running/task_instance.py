"""``ti``: the task instance that is running, as user code sees it."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from etesian.foundation.clock import utc_now
from etesian.protocol.requests import Done, GetXCom, PushXCom, XComItem, XComItems
from etesian.protocol.workloads import RunCallback, RunTask
from etesian.sdk.running import state_counts
from etesian.sdk.running.dag_run import DagRun, TaskInstanceState, find_instance, find_previous_run
from etesian.sdk.runtime import ask
from etesian.sdk.time.timezone import coerce_datetime
from etesian.sdk.web_address import web_address
from etesian.sdk.xcoms.xcom_arg import NOTSET, RETURN_VALUE_KEY, XComArg
from etesian.sdk.xcoms.xcom_backend import read_xcom, write_xcom


class TaskInstanceKey(NamedTuple):
    """What identifies one try of a task instance."""

    dag_id: str
    task_id: str
    run_id: str
    try_number: int = 1
    map_index: int = -1

    @property
    def primary(self) -> tuple[str, str, str, int]:
        """Return what identifies the task instance."""
        return self.dag_id, self.task_id, self.run_id, self.map_index


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceFacts:
    """What is known of a task instance besides its task and its run."""

    attempt_id: str
    map_index: int = -1
    try_number: int = 1
    max_tries: int = 0
    state: str = "running"
    pool: str = "default_pool"
    queue: str = "default"
    priority: int = 1
    started_at: datetime | None = None
    ended_at: datetime | None = None
    queued_at: datetime | None = None

    @classmethod
    def of_task(cls, workload: RunTask) -> InstanceFacts:
        """Return what a workload says of the attempt to run."""
        return cls(
            attempt_id=workload.attempt_id,
            map_index=workload.map_index,
            try_number=workload.try_number,
            max_tries=workload.max_tries,
            pool=workload.pool,
            queue=workload.queue,
            priority=workload.priority,
            started_at=workload.first_started_at or utc_now(),
            queued_at=workload.queued_at,
        )

    @classmethod
    def of_callback(cls, workload: RunCallback) -> InstanceFacts:
        """Return what a workload says of the task instance that a callback is told of."""
        return cls(
            attempt_id=workload.attempt_id,
            map_index=workload.map_index,
            try_number=workload.try_number,
            max_tries=workload.max_tries,
            state=workload.state,
            started_at=workload.started_at,
            ended_at=workload.ended_at,
        )


class TaskInstance:
    """The running task instance."""

    def __init__(self, task: Any, dag_run: DagRun, facts: InstanceFacts) -> None:
        self.task = task
        self.dag_run = dag_run
        self.dag_id = dag_run.dag_id
        self.task_id = str(task.task_id)
        self.run_id = dag_run.run_id
        self.map_index = facts.map_index
        self.try_number = facts.try_number
        self.max_tries = facts.max_tries
        self.state = facts.state
        self.operator = task.task_type
        self.pool = facts.pool
        self.pool_slots = task.pool_slots
        self.queue = facts.queue
        self.priority_weight = facts.priority
        self.attempt_id = facts.attempt_id
        self.pid = os.getpid()
        self.hostname = socket.gethostname()
        self.job_id: str | None = None
        self.note: str | None = None
        self.test_mode = False
        self.rendered_map_index: str | None = None
        #: lengths of mapped inputs as they were when the task was expanded
        self.map_lengths: dict[str, int] = {}
        self._facts = facts
        self._context: Callable[[], Any] | None = None

    def __repr__(self) -> str:
        index = f" map_index={self.map_index}" if self.map_index >= 0 else ""
        return f"<TaskInstance: {self.dag_id}.{self.task_id} {self.run_id}{index} [{self.state}]>"

    # --- identity and time ----------------------------------------------------------------------------------

    @property
    def id(self) -> str:
        """Return the id of the attempt."""
        return self.attempt_id

    @property
    def key(self) -> TaskInstanceKey:
        """Return what identifies this try."""
        return TaskInstanceKey(self.dag_id, self.task_id, self.run_id, self.try_number, self.map_index)

    @property
    def prev_attempted_tries(self) -> int:
        """Return how many tries went before."""
        return self.try_number - 1

    @property
    def logical_date(self) -> Any:
        """Return the date that the run is known by."""
        return self.dag_run.logical_date

    @property
    def execution_date(self) -> Any:
        """Return the logical date by its older name, or when the run could start."""
        return self.dag_run.logical_date or self.dag_run.run_after

    @cached_property
    def start_date(self) -> Any:
        """Return when the attempt, or a sensor's first look, began."""
        return coerce_datetime(self._facts.started_at)

    @cached_property
    def end_date(self) -> Any:
        """Return when the attempt ended; None while it runs."""
        return coerce_datetime(self._facts.ended_at)

    @cached_property
    def queued_dttm(self) -> Any:
        """Return when the attempt was queued."""
        return coerce_datetime(self._facts.queued_at)

    @property
    def duration(self) -> float | None:
        """Return the seconds from start to end, or until now."""
        if self._facts.started_at is None:
            return None
        return ((self._facts.ended_at or utc_now()) - self._facts.started_at).total_seconds()

    @property
    def log(self) -> logging.Logger:
        """Return the logger of the task."""
        return logging.getLogger("airflow.task")

    @property
    def log_url(self) -> str:
        """Return the address of the page with the log of this try."""
        path = f"dags/{quote(self.dag_id)}/runs/{quote(self.run_id, safe='')}/tasks/{quote(self.task_id)}"
        if self.map_index >= 0:
            path += f"/mapped/{self.map_index}"
        return f"{web_address()}/{path}?{urlencode({'try_number': self.try_number})}"

    @property
    def mark_success_url(self) -> str:
        """Return the address of the page on which the task can be marked."""
        return self.log_url

    # --- XCom -----------------------------------------------------------------------------------------------

    def xcom_push(self, key: str, value: Any, execution_date: Any = None, session: Any = None) -> None:
        """Keep a value for other tasks, at once: it is there even if this task fails later.

        Raises:
            XComSerializationError: the value cannot be written.
            RequestRefusedError: the platform does not take it.
        """
        what = f"the value that task {self.dag_id}.{self.task_id} pushes as {key!r}"
        request = PushXCom(
            attempt_id=self.attempt_id,
            dag_id=self.dag_id,
            run_id=self.run_id,
            task_id=self.task_id,
            map_index=self.map_index,
            value=write_xcom(key, value, what, self),
        )
        ask(request, Done)

    def xcom_pull(
        self,
        task_ids: str | Iterable[str] | None = None,
        dag_id: str | None = None,
        key: str | None = RETURN_VALUE_KEY,
        include_prior_dates: bool = False,
        session: Any = None,
        *,
        map_indexes: Any = NOTSET,
        default: Any = None,
        run_id: str | None = None,
        context: Any = None,
    ) -> Any:
        """Return what other tasks of the run have pushed.

        One task_id gives its value, or the list of its values in the order of map indexes if the task is
        mapped; inside of a mapped group, tasks of the same group mean the same map index. Several task_ids
        give a list in their order. Without task_ids any task of the run will do. ``map_indexes`` picks one or
        several instances; of several, each gives its value or ``default``.
        """
        names = None if task_ids is None else [task_ids] if isinstance(task_ids, str) else list(task_ids)
        chosen = self._choose_indexes(names, dag_id, map_indexes)
        request = GetXCom(
            dag_id=dag_id or self.dag_id,
            run_id=run_id or self.run_id,
            task_ids=None if names is None else tuple(names),
            key=key,
            map_indexes=None if chosen is None else (chosen,) if isinstance(chosen, int) else tuple(chosen),
            include_prior_dates=include_prior_dates,
        )
        items = ask(request, XComItems).items
        if include_prior_dates:
            items = _newest_only(items)
        if names is None:
            return read_xcom(items[0].value) if items else default
        if chosen is not None and not isinstance(chosen, int):
            found = {(item.task_id, item.map_index): item.value for item in items}
            wanted = [(name, index) for name in names for index in chosen]
            return [read_xcom(found[each]) if each in found else default for each in wanted]
        values = [self._values_of(name, items, isinstance(chosen, int), default) for name in names]
        if isinstance(task_ids, str):
            return values[0].value if values[0].is_one else values[0].many
        return [part for value in values for part in ([value.value] if value.is_one else value.many)]

    def _choose_indexes(self, names: Sequence[str] | None, dag_id: str | None, given: Any) -> Any:
        """Return the map indexes to ask for: inside of a mapped group the own one, for tasks of the same
        group.
        """
        if given is not NOTSET:
            return given if given is None or isinstance(given, int) else tuple(given)
        group = getattr(self.task, "mapped_group", None)
        if group is None or names is None or (dag_id is not None and dag_id != self.dag_id):
            return None
        tasks = [self.task.dag.task_dict.get(name) for name in names]
        is_same = all(
            task is not None and task.mapped_group is group and not task.is_directly_mapped for task in tasks
        )
        return self.map_index if is_same else None

    def _is_mapped(self, task_id: str) -> bool:
        dag = getattr(self.task, "_dag", None)
        task = dag.task_dict.get(task_id) if dag is not None else None
        return bool(task is not None and task.has_map_indexes)

    def _values_of(self, task_id: str, items: Sequence[XComItem], is_single: bool, default: Any) -> _Pulled:
        own = [item for item in items if item.task_id == task_id]
        if is_single or (not self._is_mapped(task_id) and all(item.map_index < 0 for item in own)):
            return _Pulled(value=read_xcom(own[0].value) if own else default)
        return _Pulled(is_one=False, many=[read_xcom(item.value) for item in own])

    # --- questions of sensors about other DAGs ------------------------------------------------------------

    get_ti_count = staticmethod(state_counts.get_ti_count)
    get_task_states = staticmethod(state_counts.get_task_states)
    get_dr_count = staticmethod(state_counts.get_dr_count)
    get_dagrun_state = staticmethod(state_counts.get_dagrun_state)

    # --- the run and its neighbours -------------------------------------------------------------------------

    def get_dagrun(self, session: Any = None) -> DagRun:
        """Return the run."""
        return self.dag_run

    def get_template_context(self, session: Any = None, ignore_param_exceptions: bool = True) -> Any:
        """Return the context of this task instance."""
        if self._context is None:
            raise RuntimeError(f"{self!r} has no context yet")
        return self._context()

    def bind_context(self, find: Callable[[], Any]) -> None:
        """Let ``get_template_context`` return what ``find`` does."""
        self._context = find

    def current_state(self, session: Any = None) -> str:
        """Return the state."""
        return self.state

    def get_previous_dagrun(self, state: str | None = None, session: Any = None) -> Any:
        """Return the run before this one."""
        return find_previous_run(self.dag_run, (state,) if state else None)

    def get_previous_ti(self, state: str | None = None, session: Any = None) -> TaskInstanceState | None:
        """Return this task in the run before this one, of a state where one is given; None if there is none."""
        run = self.get_previous_dagrun(state)
        return None if run is None else find_instance(run, self.task_id, self.map_index)

    @property
    def previous_ti(self) -> TaskInstanceState | None:
        """Return this task in the run before this one."""
        return self.get_previous_ti()

    def get_previous_execution_date(self, state: str | None = None, session: Any = None) -> Any:
        """Return the logical date of the run before this one."""
        run = self.get_previous_dagrun(state)
        return coerce_datetime(run.logical_date) if run is not None else None

    def get_previous_start_date(self, state: str | None = None, session: Any = None) -> Any:
        """Return when the run before this one began."""
        run = self.get_previous_dagrun(state)
        return coerce_datetime(run.started_at) if run is not None else None

    def get_first_reschedule_date(self, context: Any = None) -> Any:
        """Return when a rescheduling sensor looked first."""
        return self.start_date

    def render_templates(self, context: Any = None, jinja_env: Any = None) -> Any:
        """Render the task's template fields in place."""
        self.task.render_template_fields(context or self.get_template_context(), jinja_env)
        return self.task

    def is_eligible_to_retry(self) -> bool:
        """Return whether a failure now would be followed by another try."""
        return self.try_number <= self.max_tries

    def xcom_arg(self, key: str = RETURN_VALUE_KEY) -> XComArg:
        """Return the reference to a result of the task."""
        return XComArg(self.task, key)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pulled:
    """What one task has pushed: one value, or one per map index."""

    is_one: bool = True
    value: Any = None
    many: list[Any] = field(default_factory=list)


def _newest_only(items: Sequence[XComItem]) -> tuple[XComItem, ...]:
    """Return of each task and key the values of the newest run that has any; runs come newest first."""
    run_of: dict[tuple[str, str], str] = {}
    return tuple(
        item for item in items if run_of.setdefault((item.task_id, item.key), item.run_id) == item.run_id
    )

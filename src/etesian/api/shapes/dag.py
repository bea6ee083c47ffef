"""Answers about DAGs and their tasks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from etesian.api.shapes.duration import TimeDelta, to_time_delta
from etesian.spec.dag import DagSpec
from etesian.spec.task import TaskSpec
from etesian.store.queries.dags import DagRecord
from etesian.timetables import describe


class TagResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One tag of a DAG."""

    name: str
    dag_id: str
    dag_display_name: str


class DagResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One DAG, as lists show it."""

    dag_id: str
    dag_display_name: str
    is_paused: bool
    pause_reason: str | None
    is_stale: bool
    last_parsed_time: datetime | None
    last_parse_duration: float | None
    last_expired: datetime | None
    bundle_name: str | None
    bundle_version: str | None
    relative_fileloc: str | None
    fileloc: str
    description: str | None
    timetable_summary: str | None
    timetable_description: str | None
    tags: Sequence[TagResponse]
    max_active_tasks: int
    max_active_runs: int | None
    max_consecutive_failed_dag_runs: int
    has_task_concurrency_limits: bool
    has_import_errors: bool
    next_dagrun_logical_date: datetime | None
    next_dagrun_data_interval_start: datetime | None
    next_dagrun_data_interval_end: datetime | None
    next_dagrun_run_after: datetime | None
    owners: Sequence[str]
    file_token: str


class DagCollectionResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One page of DAGs."""

    dags: Sequence[DagResponse]
    total_entries: int


class DagDetailsResponse(DagResponse, frozen=True, kw_only=True):
    """One DAG with what its file says of it."""

    catchup: bool
    dag_run_timeout: TimeDelta | None
    asset_expression: None
    doc_md: str | None
    start_date: datetime | None
    end_date: datetime | None
    is_paused_upon_creation: bool | None
    params: dict[str, object]
    render_template_as_native_obj: bool
    template_search_path: None
    timezone: str
    last_parsed: datetime | None
    default_args: None
    owner_links: dict[str, str]
    concurrency: int
    latest_dag_version: object


class PatchDagBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pause or unpause a DAG."""

    is_paused: bool


class ClassReference(msgspec.Struct, frozen=True, kw_only=True):
    """Where an operator's class is."""

    module_path: str
    class_name: str


class TaskResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One task of a DAG."""

    task_id: str
    task_display_name: str
    owner: str
    start_date: datetime | None
    end_date: datetime | None
    trigger_rule: str
    depends_on_past: bool
    wait_for_downstream: bool
    retries: float
    queue: str
    pool: str
    pool_slots: float
    execution_timeout: TimeDelta | None
    retry_delay: TimeDelta | None
    retry_exponential_backoff: float
    priority_weight: float
    weight_rule: str
    ui_color: str
    ui_fgcolor: str
    template_fields: Sequence[str]
    downstream_task_ids: Sequence[str]
    doc_md: str | None
    operator_name: str
    params: dict[str, object]
    class_ref: ClassReference
    is_mapped: bool
    extra_links: Sequence[str]


class TaskCollectionResponse(msgspec.Struct, frozen=True, kw_only=True):
    """All tasks of a DAG."""

    tasks: Sequence[TaskResponse]
    total_entries: int


def dag_response(dag: DagRecord, folder: Path | None, *, has_import_errors: bool) -> DagResponse:
    """Return the answer for one DAG; ``folder`` is where the files of its bundle are, if that is known."""
    name = dag.display_name or dag.dag_id
    return DagResponse(
        dag_id=dag.dag_id,
        dag_display_name=name,
        is_paused=dag.is_paused,
        pause_reason=dag.pause_reason,
        is_stale=not dag.is_active,
        last_parsed_time=dag.last_parsed_at,
        last_parse_duration=None,
        last_expired=None,
        bundle_name=dag.bundle,
        bundle_version=dag.bundle_version,
        relative_fileloc=dag.file,
        fileloc=dag.file if folder is None else str(folder / dag.file),
        description=dag.description,
        timetable_summary=dag.schedule_text,
        timetable_description=dag.schedule_text,
        tags=[TagResponse(name=tag, dag_id=dag.dag_id, dag_display_name=name) for tag in dag.tags],
        max_active_tasks=dag.max_active_tasks,
        max_active_runs=dag.max_active_runs,
        max_consecutive_failed_dag_runs=dag.max_consecutive_failed_runs,
        has_task_concurrency_limits=False,
        has_import_errors=has_import_errors,
        next_dagrun_logical_date=dag.next_logical_date,
        next_dagrun_data_interval_start=dag.next_data_interval_start,
        next_dagrun_data_interval_end=dag.next_data_interval_end,
        next_dagrun_run_after=dag.next_run_after,
        owners=dag.owners,
        file_token=f"{dag.bundle}:{dag.file}",
    )


def dag_details_response(summary: DagResponse, dag: DagRecord, spec: DagSpec) -> DagDetailsResponse:
    """Return the detailed answer for one DAG; ``summary`` is the short one."""
    common = msgspec.structs.asdict(summary)
    common["timetable_description"] = describe(spec.schedule)
    common["has_task_concurrency_limits"] = any(
        task.max_active_per_dag is not None or task.max_active_per_run is not None for task in spec.tasks
    )
    return DagDetailsResponse(
        **common,
        catchup=spec.catchup,
        dag_run_timeout=to_time_delta(spec.dagrun_timeout_seconds),
        asset_expression=None,
        doc_md=spec.doc_md,
        start_date=spec.start_date,
        end_date=spec.end_date,
        is_paused_upon_creation=spec.is_paused_upon_creation,
        params=_params(spec),
        render_template_as_native_obj=spec.render_template_as_native_obj,
        template_search_path=None,
        timezone=spec.timezone,
        last_parsed=dag.last_parsed_at,
        default_args=None,
        owner_links=spec.owner_links,
        concurrency=spec.max_active_tasks,
        latest_dag_version={"version_number": dag.version_number, "id": dag.version_hash},
    )


def task_responses(spec: DagSpec) -> list[TaskResponse]:
    """Return the answers for all tasks of a DAG, in topological order."""
    downstream: dict[str, list[str]] = {task.task_id: [] for task in spec.tasks}
    for task in spec.tasks:
        for upstream in task.upstream:
            downstream[upstream].append(task.task_id)
    return [_task_response(task, downstream[task.task_id]) for task in spec.tasks]


def _params(spec: DagSpec) -> dict[str, object]:
    return {
        name: {"value": param.value, "schema": param.schema, "description": param.description}
        for name, param in spec.params.items()
    }


def _task_response(task: TaskSpec, downstream: Sequence[str]) -> TaskResponse:
    return TaskResponse(
        task_id=task.task_id,
        task_display_name=task.label,
        owner=task.owner,
        start_date=task.start_date,
        end_date=task.end_date,
        trigger_rule=task.trigger_rule,
        depends_on_past=task.depends_on_past,
        wait_for_downstream=task.wait_for_downstream,
        retries=task.retries,
        queue=task.queue,
        pool=task.pool,
        pool_slots=task.pool_slots,
        execution_timeout=to_time_delta(task.execution_timeout_seconds),
        retry_delay=to_time_delta(task.retry_delay_seconds),
        retry_exponential_backoff=task.retry_backoff_factor,
        priority_weight=task.priority_weight,
        weight_rule=task.weight_rule,
        ui_color=task.ui_color,
        ui_fgcolor=task.ui_fgcolor,
        template_fields=task.template_fields,
        downstream_task_ids=sorted(downstream),
        doc_md=task.doc,
        operator_name=task.operator,
        params=task.params,
        class_ref=ClassReference(
            module_path=task.operator_module, class_name=task.operator_class or task.operator
        ),
        is_mapped=task.mapped is not None,
        extra_links=task.extra_links,
    )

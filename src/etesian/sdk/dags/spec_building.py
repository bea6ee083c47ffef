"""From the objects that a file made to the spec that leaves it: checked, ordered, the same every time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from etesian.sdk.assets.asset import to_asset_specs
from etesian.sdk.dags.dag import DAG
from etesian.sdk.exceptions import FailFastDagInvalidTriggerRule, ParamValidationError
from etesian.sdk.params.plain_data import as_plain
from etesian.sdk.tasks.arguments import LARGEST_COUNT
from etesian.sdk.tasks.weight_rules import (
    compute_effective_priorities,
    describe_weight_rule,
    weigh_by_strategy,
)
from etesian.sdk.time.schedule_values import timezone_name
from etesian.sdk.timetables.schedule_argument import schedule_text
from etesian.spec.asset import WatcherSpec
from etesian.spec.dag import DagSpec
from etesian.spec.task import EdgeLabelSpec, GroupSpec, TaskSpec
from etesian.spec.trigger_rule import TriggerRule
from etesian.timetables.check import check_schedule

_TASK_CALLBACKS = ("execute", "success", "failure", "retry", "skipped")
_DAG_CALLBACKS = ("success", "failure")


def build_spec(dag: DAG, *, file: str) -> DagSpec:
    """Return the description of a DAG; ``file`` is the path of its file relative to the bundle.

    Raises:
        AirflowDagCycleException: tasks wait for each other; the message names the path.
        EtesianError: a schedule, param or rule cannot be what the author wrote.
    """
    tasks = dag.topological_sort()
    timetable = dag.timetable
    schedule = timetable.to_schedule()
    check_schedule(schedule)
    _check_params(dag, can_be_scheduled=timetable.can_be_scheduled)
    _check_fail_fast(dag, tasks)
    priorities = _effective_priorities(tasks)
    limit = timetable.active_runs_limit
    return DagSpec(
        dag_id=dag.dag_id,
        file=file,
        tasks=tuple(_build_task(task, dag, priorities[task.task_id]) for task in tasks),
        groups=tuple(_build_group(group) for group in dag.task_group.iter_groups()),
        edge_labels=_edge_labels(dag),
        schedule=schedule,
        schedule_text=schedule_text(dag.schedule, timetable),
        start_date=dag.start_date
        or min((task.start_date for task in tasks if task.start_date), default=None),
        end_date=dag.end_date,
        timezone=timezone_name(dag.timezone),
        catchup=bool(dag.catchup),
        allowed_run_types=_run_types(dag.allowed_run_types),
        max_active_runs=dag.max_active_runs if limit is None else min(dag.max_active_runs or limit, limit),
        max_active_tasks=dag.max_active_tasks,
        max_consecutive_failed_runs=dag.max_consecutive_failed_dag_runs,
        dagrun_timeout_seconds=_seconds(dag.dagrun_timeout),
        fail_fast=dag.fail_fast,
        callbacks=_callbacks(dag, (*_DAG_CALLBACKS, "sla_miss")),
        deadlines=tuple(alert.to_spec() for alert in dag.deadline),
        watchers=_watchers(timetable),
        params={name: param.to_spec() for name, param in dag.params.items()},
        is_paused_upon_creation=dag.is_paused_upon_creation,
        disable_bundle_versioning=bool(dag.disable_bundle_versioning),
        rerun_with_latest_version=dag.rerun_with_latest_version,
        description=dag.description,
        doc_md=dag.doc_md,
        display_name=dag.dag_display_name if dag.dag_display_name != dag.dag_id else None,
        owners=tuple(sorted({str(task.owner) for task in tasks})),
        owner_links={str(owner): str(link) for owner, link in dag.owner_links.items()},
        tags=tuple(sorted(str(tag) for tag in dag.tags)),
        access_control=as_plain(dag.access_control),
        default_view=dag.default_view,
        render_template_as_native_obj=bool(dag.render_template_as_native_obj),
    )


# --- tasks --------------------------------------------------------------------------------------------------


def _build_task(task: Any, dag: DAG, priority: int) -> TaskSpec:
    callbacks = _callbacks(task, _TASK_CALLBACKS)
    outlets = to_asset_specs(task.outlets)
    group = task.task_group
    return TaskSpec(
        task_id=task.task_id,
        operator=task.operator_name,
        operator_class="" if task.operator_name == task.task_type else task.task_type,
        operator_module=task.operator_class.__module__,
        upstream=tuple(sorted(task.upstream_task_ids)),
        group=group.group_id if group is not None else None,
        trigger_rule=task.trigger_rule,
        retries=task.retries,
        retry_delay_seconds=task.retry_delay.total_seconds(),
        retry_backoff_factor=_backoff_factor(task.retry_exponential_backoff),
        max_retry_delay_seconds=_seconds(task.max_retry_delay),
        execution_timeout_seconds=_seconds(task.execution_timeout),
        depends_on_past=bool(task.depends_on_past),
        ignore_first_depends_on_past=bool(task.ignore_first_depends_on_past),
        wait_for_downstream=bool(task.wait_for_downstream),
        wait_for_past_depends_before_skipping=bool(task.wait_for_past_depends_before_skipping),
        start_date=_unless_same(task.start_date, dag.start_date),
        end_date=_unless_same(task.end_date, dag.end_date),
        pool=task.pool,
        pool_slots=task.pool_slots,
        priority=_within_bounds(priority),
        priority_weight=_within_bounds(task.priority_weight),
        weight_rule=describe_weight_rule(task.weight_rule),
        queue=task.queue,
        executor=task.executor,
        executor_config=as_plain(task.executor_config),
        max_active_per_dag=task.max_active_tis_per_dag,
        max_active_per_run=task.max_active_tis_per_dagrun,
        isolation=task.isolation,
        run_as_user=task.run_as_user,
        is_setup=task.is_setup,
        is_teardown=task.is_teardown,
        on_failure_fail_dag_run=task.on_failure_fail_dagrun,
        is_sensor=bool(task.is_sensor),
        is_empty=_is_empty(task, callbacks, outlets),
        marker=task.marker,
        mapped=task.map_spec() if task.is_directly_mapped else None,
        callbacks=callbacks,
        inlets=to_asset_specs(task.inlets),
        outlets=outlets,
        deadlines_seconds=(task.sla.total_seconds(),) if task.sla is not None else (),
        owner=str(task.owner),
        display_name=task.task_display_name if task.task_display_name != task.task_id else None,
        doc=task.doc_md or task.doc or task.doc_json or task.doc_yaml or task.doc_rst,
        params=_own_params(task, dag),
        template_fields=tuple(task.template_fields),
        ui_color=task.ui_color,
        ui_fgcolor=task.ui_fgcolor,
        extra_links=tuple(task.extra_links),
        multiple_outputs=bool(task.multiple_outputs),
        returns_dag_result=bool(task.returns_dag_result),
        line=task.line,
    )


def _is_empty(task: Any, callbacks: Sequence[str], outlets: Sequence[Any]) -> bool:
    """Whether the scheduler may complete the task itself: nothing of the author's would run."""
    has_hooks = task._pre_execute_hook is not None or task._post_execute_hook is not None
    return bool(task.inherits_from_empty_operator and not callbacks and not outlets and not has_hooks)


def _own_params(task: Any, dag: DAG) -> dict[str, object]:
    """Return the values of those params that the DAG does not have, or has with another value."""
    own = {}
    for name, param in task.params.items():
        spec = param.to_spec()
        if name not in dag.params or dag.params.get_param(name).to_spec() != spec:
            own[name] = as_plain(spec.value)
    return own


def _within_bounds(weight: int) -> int:
    """Return a priority that any database can keep: sums of large weights are larger still."""
    return max(-LARGEST_COUNT, min(weight, LARGEST_COUNT))


def _effective_priorities(tasks: Sequence[Any]) -> dict[str, int]:
    order = [task.task_id for task in tasks]
    weights = {task.task_id: (task.weight_rule, task.priority_weight) for task in tasks}
    found = compute_effective_priorities(
        order, {task.task_id: task.upstream_task_ids for task in tasks}, weights
    )
    for task in tasks:
        own = weigh_by_strategy(task)
        if own is not None:
            found[task.task_id] = own
    return found


# --- groups and edges ---------------------------------------------------------------------------------------


def _build_group(group: Any) -> GroupSpec:
    parent = group.parent_group
    return GroupSpec(
        group_id=group.group_id,
        parent=parent.group_id if parent is not None else None,
        mapped=group.map_spec() if group.is_mapped else None,
        display_name=group.group_display_name or None,
        tooltip=group.tooltip,
        ui_color=group.ui_color,
        ui_fgcolor=group.ui_fgcolor,
    )


def _edge_labels(dag: DAG) -> tuple[EdgeLabelSpec, ...]:
    return tuple(
        EdgeLabelSpec(upstream=upstream, downstream=downstream, label=info["label"])
        for upstream, edges in sorted(dag.edge_info.items())
        for downstream, info in sorted(edges.items())
        if info.get("label")
    )


# --- small conversions --------------------------------------------------------------------------------------


def _seconds(value: Any) -> float | None:
    return None if value is None else float(value.total_seconds())


def _backoff_factor(value: bool | float) -> float:
    """Return the factor of an exponential back-off: True doubles, a number is the factor itself."""
    return 2.0 if value is True else float(value or 0)


def _unless_same(value: datetime | None, of_dag: datetime | None) -> datetime | None:
    """Return a date of the task, unless it only repeats the DAG's, as dates in ``default_args`` do."""
    return None if value == of_dag else value


def _callbacks(owner: Any, kinds: Sequence[str]) -> tuple[str, ...]:
    found = [
        kind
        for kind in kinds
        if getattr(owner, f"on_{kind}_callback" if kind != "sla_miss" else "sla_miss_callback")
    ]
    if getattr(owner, "email", None):
        found += [
            kind for kind in ("failure", "retry") if getattr(owner, f"email_on_{kind}") and kind not in found
        ]
    return tuple(sorted(found))


def _run_types(types: Any) -> tuple[str, ...] | None:
    if types is None:
        return None
    several = (types,) if isinstance(types, str) else types
    return tuple(sorted(str(getattr(one, "value", one)) for one in several))


def _watchers(timetable: Any) -> tuple[WatcherSpec, ...]:
    condition = timetable.asset_condition
    if condition is None:
        return ()
    return tuple(spec for _, asset in condition.iter_assets() for spec in asset.watcher_specs())


# --- checks -------------------------------------------------------------------------------------------------


def _check_params(dag: DAG, *, can_be_scheduled: bool) -> None:
    """A run that the schedule creates has nobody to ask for values: each param must have a good default."""
    if not can_be_scheduled:
        return
    try:
        dag.params.validate()
    except ParamValidationError as error:
        raise ParamValidationError(
            f"DAG {dag.dag_id!r} has a schedule, so each param needs a valid default; {error}"
        ) from None


def _check_fail_fast(dag: DAG, tasks: Sequence[Any]) -> None:
    if not dag.fail_fast:
        return
    for task in tasks:
        if task.trigger_rule is not TriggerRule.ALL_SUCCESS and not task.is_teardown:
            raise FailFastDagInvalidTriggerRule(
                f"DAG {dag.dag_id!r} is fail-fast, so its tasks wait for all_success; {task.task_id!r} has "
                f"{task.trigger_rule}"
            )

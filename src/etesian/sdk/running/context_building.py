"""Filling the context of a task instance: keys of every Airflow era, cheap ones at once, others when they are
used.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from etesian.protocol.requests import TaskScope
from etesian.sdk.assets.asset_events import InletEventsAccessors, OutletEventAccessors, TriggeringAssetEvents
from etesian.sdk.context import Context, LazyValue
from etesian.sdk.exceptions import ParamValidationError
from etesian.sdk.late_names import load_late
from etesian.sdk.params.param import process_params
from etesian.sdk.running import macros
from etesian.sdk.running.accessors import ConnectionAccessor, VariableAccessor
from etesian.sdk.running.dag_run import DagRun, find_previous_run
from etesian.sdk.running.neighbours import next_scheduled_date, previous_scheduled_date
from etesian.sdk.running.state_store import AssetStateStores, StateStore
from etesian.sdk.running.task_instance import TaskInstance
from etesian.sdk.runtime import has_platform
from etesian.sdk.time.timezone import coerce_datetime

#: the settings, as files of Airflow's ask for them: ``conf.get("core", "dags_folder")``
_CONFIGURATION: Final = "etesian.compat.settings.configuration:conf"


def build_context(ti: TaskInstance, *, task: Any = None, check_params: bool = True) -> Context:
    """Return the context of a task instance.

    Without ``check_params``, params that their schema refuses are passed on as they are: a callback must be
    told of the failure that they caused.

    Raises:
        ParamValidationError: a param of the run is missing or refused by its schema.
    """
    task = task if task is not None else ti.task
    run, dag = ti.dag_run, task._dag
    context = Context(
        dag=dag,
        dag_run=run,
        run_id=run.run_id,
        task=task,
        ti=ti,
        task_instance=ti,
        task_instance_key_str=f"{ti.dag_id}__{ti.task_id}__{_nodash(_moment(run).isoformat()[:10])}",
        try_number=ti.try_number,
        params=_params(dag, task, run, check_params),
        conf=LazyValue(lambda: load_late(_CONFIGURATION)),
        macros=macros,
        var={
            "json": VariableAccessor(deserialize_json=True),
            "value": VariableAccessor(deserialize_json=False),
        },
        conn=ConnectionAccessor(),
        inlets=task.inlets,
        outlets=task.outlets,
        inlet_events=InletEventsAccessors(task.inlets),
        outlet_events=OutletEventAccessors(),
        partition_key=run.partition_key,
        partition_date=LazyValue(lambda: run.partition_date),
        task_state_store=StateStore(
            TaskScope(dag_id=ti.dag_id, run_id=ti.run_id, task_id=ti.task_id, map_index=ti.map_index)
        ),
        asset_state_store=AssetStateStores([*task.inlets, *task.outlets]),
        test_mode=ti.test_mode,
        expanded_ti_count=_instance_count(ti),
        map_index_template=task.map_index_template,
        templates_dict=None,
    )
    events = LazyValue(lambda: TriggeringAssetEvents(run.asset_events))
    context.update(triggering_asset_events=events, triggering_dataset_events=events)
    context.update(_dates(run))
    context.update(_neighbours(run, dag))
    context.update(_previous_success(run))
    ti.bind_context(lambda: context)
    return context


def _params(dag: Any, task: Any, run: DagRun, check: bool) -> dict[str, Any]:
    try:
        return process_params(dag, task, run.conf)
    except ParamValidationError:
        if check:
            raise
        return {**{name: param.value for name, param in task.params.items()}, **run.conf}


def _instance_count(ti: TaskInstance) -> int | None:
    if not ti.map_lengths:
        return None
    count = 1
    for length in ti.map_lengths.values():
        count *= length
    return count


# --- dates --------------------------------------------------------------------------------------------------


def _dates(run: DagRun) -> dict[str, Any]:
    """Return the dates of the run. A run without a logical date is known by when it could start."""
    moment = _moment(run)
    ts = moment.isoformat()
    ts_nodash = ts.replace("-", "").replace(":", "")
    day, tomorrow, yesterday = ts[:10], _day_after(moment, 1), _day_after(moment, -1)
    return {
        "logical_date": run.logical_date,
        "execution_date": moment,
        "data_interval_start": run.data_interval_start if run.data_interval_start is not None else moment,
        "data_interval_end": run.data_interval_end if run.data_interval_end is not None else moment,
        "ds": day,
        "ds_nodash": _nodash(day),
        "ts": ts,
        "ts_nodash": ts_nodash[:15],  # to the second: 20300131T235959
        "ts_nodash_with_tz": ts_nodash,
        "tomorrow_ds": tomorrow,
        "tomorrow_ds_nodash": _nodash(tomorrow),
        "yesterday_ds": yesterday,
        "yesterday_ds_nodash": _nodash(yesterday),
        "end_date": day,
        "latest_date": day,
    }


def _moment(run: DagRun) -> Any:
    return run.logical_date if run.logical_date is not None else run.run_after


def _day_after(moment: date, days: int) -> str:
    ordinal = moment.toordinal() + days
    return date.fromordinal(min(max(ordinal, 1), date.max.toordinal())).isoformat()


def _nodash(day: str) -> str:
    return day.replace("-", "")


def _neighbours(run: DagRun, dag: Any) -> dict[str, Any]:
    """Return the dates before and after this run's in the schedule."""
    previous = LazyValue(lambda: coerce_datetime(previous_scheduled_date(run, dag)))
    following = LazyValue(lambda: coerce_datetime(next_scheduled_date(run, dag)))
    found: dict[str, Any] = {"prev_execution_date": previous, "next_execution_date": following}
    for name, moment in (("prev", previous), ("next", following)):
        found[f"{name}_ds"] = LazyValue(_formatter(moment, "%Y-%m-%d"))
        found[f"{name}_ds_nodash"] = LazyValue(_formatter(moment, "%Y%m%d"))
    return found


def _formatter(moment: LazyValue, template: str) -> Callable[[], str | None]:
    return lambda: moment.strftime(template) if moment else None


def _previous_success(run: DagRun) -> dict[str, Any]:
    """Return the dates of the newest successful run before this one; asked of the platform once, when first
    used.
    """
    found: list[Any] = []

    def date(name: str) -> Callable[[], Any]:
        def read() -> Any:
            if not found:
                found.append(find_previous_run(run, ("success",)) if has_platform() else None)
            return coerce_datetime(getattr(found[0], name)) if found[0] is not None else None

        return read

    return {
        "prev_data_interval_start_success": LazyValue(date("data_interval_start")),
        "prev_data_interval_end_success": LazyValue(date("data_interval_end")),
        "prev_execution_date_success": LazyValue(date("logical_date")),
        "prev_start_date_success": LazyValue(date("started_at")),
        "prev_end_date_success": LazyValue(date("ended_at")),
    }

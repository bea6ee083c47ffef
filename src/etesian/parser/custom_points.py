"""Timetables of the user's own: their next points, for a scheduler that never imports their classes."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from etesian.protocol.requests import GetRunStates, RunInfos
from etesian.sdk.dags.dag import DAG
from etesian.sdk.runtime import current_platform, has_platform
from etesian.sdk.timetables.timetable_base import POINTS_AHEAD, TimeRestriction, compute_points
from etesian.sdk.timetables.timetable_classes import AssetOrTimeSchedule, custom_parts
from etesian.spec.dag import DagSpec
from etesian.spec.schedule import AssetOrTimeSchedule as AssetOrTimeSpec
from etesian.spec.schedule import Schedule, SchedulePoint

#: How many of the newest runs are looked through for one that the schedule made.
_RUNS_LOOKED_AT: Final = 100


def with_points(dag: DAG, spec: DagSpec) -> tuple[DagSpec, datetime | None]:
    """Return the spec with the next points of a custom timetable, and when they should be computed again.

    A spec whose schedule the platform computes itself comes back unchanged.
    """
    custom = custom_parts(spec.schedule)
    if custom is None:
        return spec, None
    timetable = dag.timetable
    if isinstance(timetable, AssetOrTimeSchedule):
        timetable = timetable.timetable
    restriction = TimeRestriction(_as_pendulum(spec.start_date), _as_pendulum(spec.end_date), spec.catchup)
    points = compute_points(timetable, restriction, _newest_scheduled(spec.dag_id))
    custom = msgspec.structs.replace(custom, points=points)
    schedule: Schedule = custom
    if isinstance(spec.schedule, AssetOrTimeSpec):
        schedule = msgspec.structs.replace(spec.schedule, timetable=custom)
    renew_at = points[len(points) // 2].run_after if len(points) >= POINTS_AHEAD else None
    return msgspec.structs.replace(spec, schedule=schedule), renew_at


def _newest_scheduled(dag_id: str) -> SchedulePoint | None:
    """Return the point of the newest run that the schedule made, as the store knows it."""
    if not has_platform():
        return None
    answer = current_platform().ask(GetRunStates(dag_id=dag_id, limit=_RUNS_LOOKED_AT))
    if not isinstance(answer, RunInfos):
        return None
    for run in answer.runs:
        if run.run_type == "scheduled":
            return SchedulePoint(
                run_after=run.run_after,
                logical_date=run.logical_date,
                data_interval_start=run.data_interval_start,
                data_interval_end=run.data_interval_end,
            )
    return None


def _as_pendulum(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    import pendulum  # heavy, and needed by few: authors' classes call its methods

    return pendulum.instance(moment)

"""What ``schedule=`` and ``schedule_interval=`` mean, as a timetable."""

from __future__ import annotations

from datetime import timedelta, tzinfo
from typing import Any

from etesian.sdk.assets.asset import as_asset_condition
from etesian.sdk.exceptions import AirflowTimetableInvalid
from etesian.sdk.time.dates import CRON_PRESETS
from etesian.sdk.timetables.timetable_base import Timetable
from etesian.sdk.timetables.timetable_classes import (
    AssetTriggeredTimetable,
    ContinuousTimetable,
    CronDataIntervalTimetable,
    CronTriggerTimetable,
    DeltaDataIntervalTimetable,
    DeltaTriggerTimetable,
    NullTimetable,
    OnceTimetable,
)


def as_timetable(schedule: Any, *, covers_interval: bool, timezone: tzinfo | None) -> Timetable:
    """Return the timetable of a schedule as authors write it.

    ``covers_interval`` decides what cron texts and durations mean: the period before the moment at which they
    fire (the meaning of ``schedule_interval`` in Airflow 1 and 2), or that moment alone.

    Raises:
        AirflowTimetableInvalid: it is nothing that a schedule can be.
    """
    if schedule is None:
        return NullTimetable()
    if isinstance(schedule, str):
        return _from_text(schedule.strip(), covers_interval, timezone)
    if isinstance(schedule, Timetable) or callable(getattr(schedule, "to_schedule", None)):
        return schedule  # type: ignore[no-any-return]  # a timetable by what it can do
    condition = as_asset_condition(schedule)
    if condition is not None:
        return AssetTriggeredTimetable(condition)
    if isinstance(schedule, timedelta) or hasattr(
        schedule, "normalized"
    ):  # relativedelta, not imported for this
        return DeltaDataIntervalTimetable(schedule) if covers_interval else DeltaTriggerTimetable(schedule)
    raise AirflowTimetableInvalid(
        f"a schedule is a cron text, a preset such as '@daily', a timedelta, a timetable, assets or None; "
        f"got {type(schedule).__name__}: {schedule!r:.120}"
    )


def _from_text(text: str, covers_interval: bool, timezone: tzinfo | None) -> Timetable:
    if text == "@once":
        return OnceTimetable()
    if text == "@continuous":
        return ContinuousTimetable()
    if text.lower() == "none":
        return NullTimetable()
    if text.startswith("@") and text not in CRON_PRESETS:
        presets = ", ".join(["@once", "@continuous", *CRON_PRESETS])
        raise AirflowTimetableInvalid(f"there is no preset {text!r}; there are {presets}")
    cron = CRON_PRESETS.get(text, " ".join(text.split()))
    return (
        CronDataIntervalTimetable(cron, timezone)
        if covers_interval
        else CronTriggerTimetable(cron, timezone=timezone)
    )


def schedule_text(schedule: Any, timetable: Timetable) -> str:
    """Return a schedule for people: as the author wrote it where that is a text, else what the timetable says
    of itself.
    """
    if schedule is None or isinstance(schedule, str):
        return "None" if schedule is None else " ".join(schedule.split())
    if isinstance(schedule, timedelta) or hasattr(schedule, "normalized"):
        return str(schedule)
    return timetable.summary

"""The timetable of Airflow's examples that runs after each working day."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from etesian.sdk.timetables.timetable_base import DagRunInfo, DataInterval, TimeRestriction, Timetable

_SATURDAY = 5
_DAY = timedelta(days=1)


class AfterWorkdayTimetable(Timetable):
    """Each run covers one day from Monday to Friday, and comes after it. There is no calendar of holidays."""

    def infer_manual_data_interval(self, *, run_after: datetime) -> DataInterval:
        """Return the last working day that was over at a moment."""
        day = _midnight(run_after) - _DAY
        while day.weekday() >= _SATURDAY:
            day -= _DAY
        return DataInterval(day, day + _DAY)

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """Return the run of the next working day."""
        if last_automated_data_interval is not None:
            day = _midnight(last_automated_data_interval.start) + _DAY
        elif restriction.earliest is None:
            return None
        else:
            day = _first_midnight(restriction.earliest)
        while day.weekday() >= _SATURDAY:
            day += _DAY
        if restriction.latest is not None and day > restriction.latest:
            return None
        return DagRunInfo.interval(start=day, end=day + _DAY)


def _midnight(moment: datetime) -> datetime:
    return datetime.combine(moment.astimezone(UTC).date(), time.min, tzinfo=UTC)


def _first_midnight(moment: datetime) -> datetime:
    return _midnight(moment) if moment == _midnight(moment) else _midnight(moment) + _DAY

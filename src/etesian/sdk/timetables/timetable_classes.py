"""The timetables that an author may give as ``schedule=``. They describe; dates are computed elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from etesian.foundation.clock import utc_now
from etesian.sdk.assets.asset import AssetAll, BaseAsset, as_asset_condition
from etesian.sdk.exceptions import AirflowTimetableInvalid
from etesian.sdk.time.schedule_values import check_aware, delta_parts, timezone_name
from etesian.sdk.timetables.timetable_base import (
    DagRunInfo,
    DataInterval,
    TimeRestriction,
    Timetable,
    as_interval,
)
from etesian.spec.schedule import (
    AssetOrTimeSchedule as AssetOrTimeSpec,
)
from etesian.spec.schedule import (
    AssetSchedule,
    ContinuousSchedule,
    CronIntervalSchedule,
    CronTriggerSchedule,
    CustomSchedule,
    DeltaIntervalSchedule,
    DeltaTriggerSchedule,
    EventsSchedule,
    NoSchedule,
    OnceSchedule,
    Schedule,
    TimeSchedule,
)
from etesian.timetables.due import manual_interval, next_point
from etesian.timetables.point import point_over

#: A timedelta or a relativedelta; the latter has no type stubs here.
Delta = Any


class NativeTimetable(Timetable):
    """Base of the timetables that the scheduler computes by itself.

    A subclass that overrides ``next_dagrun_info`` has rules of its own and is treated as a custom timetable.
    """

    def describe(self) -> Schedule:
        """Return what the spec says of this timetable."""
        raise NotImplementedError(f"{type(self).__name__} must implement describe()")

    def to_schedule(self) -> Schedule:
        """Return what the spec says of this timetable, or of the author's subclass of it."""
        if type(self).next_dagrun_info is not NativeTimetable.next_dagrun_info:
            return super().to_schedule()
        return self.describe()

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """Return the run that follows the last scheduled one, or None when there is no more."""
        last = last_automated_data_interval
        point = next_point(
            self.describe(),
            previous=None if last is None else point_over(_plain(last.start), _plain(last.end)),
            start=None if restriction.earliest is None else _plain(restriction.earliest),
            end=None if restriction.latest is None else _plain(restriction.latest),
            catchup=restriction.catchup,
            now=utc_now(),
        )
        if point is None or point.data_interval_start is None or point.data_interval_end is None:
            return None
        interval = as_interval(point.data_interval_start, point.data_interval_end)
        return DagRunInfo(as_interval(point.run_after, point.run_after).start, interval)

    def infer_manual_data_interval(self, *, run_after: datetime) -> DataInterval:
        """Return the data interval of a run that someone started by hand at ``run_after``."""
        return as_interval(*manual_interval(self.describe(), _plain(run_after)))

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.to_schedule() == other.to_schedule()

    def __hash__(self) -> int:
        return hash((type(self), repr(self.to_schedule())))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.to_schedule()!r})"


def _plain(moment: datetime) -> datetime:
    """Return a moment without the arithmetic of the class that authors use, which rules on dates do not expect."""
    return datetime.fromtimestamp(check_aware(moment, "a date").timestamp(), UTC)


class NullTimetable(NativeTimetable):
    """Runs only when asked for."""

    description = "Never, external triggers only"
    periodic = False
    can_be_scheduled = False

    def describe(self) -> Schedule:
        """Return what the spec says of this timetable."""
        return NoSchedule()


class OnceTimetable(NativeTimetable):
    """Runs once, at the start date or at once."""

    description = "Once, as soon as possible"
    periodic = False

    def describe(self) -> Schedule:
        """Return what the spec says of this timetable."""
        return OnceSchedule()


class ContinuousTimetable(NativeTimetable):
    """A new run as soon as the one before has ended."""

    description = "As frequently as possible, but only one run at a time."
    active_runs_limit = 1

    def describe(self) -> Schedule:
        """Return what the spec says of this timetable."""
        return ContinuousSchedule()


class CronTriggerTimetable(NativeTimetable):
    """Fires at each time of a cron expression; a run is about the ``interval`` that ends then, or nothing."""

    def __init__(
        self,
        cron: str = "",
        *,
        timezone: str | tzinfo | None = None,
        interval: Delta = timedelta(0),
        run_immediately: bool | timedelta = False,
        expression: str | None = None,
    ) -> None:
        self.expression = expression or cron
        self.timezone = timezone_name(timezone)
        self.interval = interval
        self.run_immediately = run_immediately

    @property
    def summary(self) -> str:
        """The cron expression."""
        return self.expression

    def describe(self) -> Schedule:
        """Return what the spec says of this timetable."""
        return _cron_trigger((self.expression,), self.timezone, self.interval, self.run_immediately)

    def serialize(self) -> dict[str, Any]:
        """Return JSON arguments of an equal timetable."""
        return {
            "expression": self.expression,
            "timezone": self.timezone,
            "interval": delta_parts(self.interval).seconds,
            "run_immediately": _seconds(self.run_immediately),
        }


class MultipleCronTriggerTimetable(NativeTimetable):
    """Fires at the times of several cron expressions; once where they coincide.

    Raises:
        AirflowTimetableInvalid: there is no expression.
    """

    def __init__(
        self,
        *crons: str,
        timezone: str | tzinfo | None = None,
        interval: Delta = timedelta(0),
        run_immediately: bool | timedelta = False,
    ) -> None:
        if not crons:
            raise AirflowTimetableInvalid("MultipleCronTriggerTimetable needs one cron expression or more")
        self.crons = crons
        self.timezone = timezone_name(timezone)
        self.interval = interval
        self.run_immediately = run_immediately

    @property
    def summary(self) -> str:
        """The cron expressions."""
        return ", ".join(self.crons)

    def describe(self) -> Schedule:
        """Return what the spec says of this timetable."""
        return _cron_trigger(self.crons, self.timezone, self.interval, self.run_immediately)


class CronDataIntervalTimetable(NativeTimetable):
    """A run covers the period between two times of a cron expression, and starts at its end."""

    def __init__(
        self, cron: str = "", timezone: str | tzinfo | None = None, *, expression: str | None = None
    ) -> None:
        self.expression = expression or cron
        self.timezone = timezone_name(timezone)

    @property
    def summary(self) -> str:
        """The cron expression."""
        return self.expression

    def describe(self) -> Schedule:
        """Return what the spec says of this timetable."""
        return CronIntervalSchedule(expression=self.expression, timezone=self.timezone)

    def serialize(self) -> dict[str, Any]:
        """Return JSON arguments of an equal timetable."""
        return {"expression": self.expression, "timezone": self.timezone}


class DeltaTriggerTimetable(NativeTimetable):
    """Fires every ``delta`` from the start date."""

    def __init__(self, delta: Delta, *, interval: Delta = timedelta(0)) -> None:
        self.delta = delta
        self.interval = interval

    @property
    def summary(self) -> str:
        """The duration."""
        return str(self.delta)

    def describe(self) -> Schedule:
        """Return what the spec says of this timetable."""
        seconds, months = _check_positive(self.delta)
        interval = delta_parts(self.interval)
        if interval.months:
            raise AirflowTimetableInvalid(
                f"the interval of a DeltaTriggerTimetable cannot have months: {self.interval!r}"
            )
        return DeltaTriggerSchedule(seconds=seconds, months=months, interval_seconds=interval.seconds)


class DeltaDataIntervalTimetable(NativeTimetable):
    """A run covers one ``delta``, and starts at its end."""

    def __init__(self, delta: Delta) -> None:
        self.delta = delta

    @property
    def summary(self) -> str:
        """The duration."""
        return str(self.delta)

    def describe(self) -> Schedule:
        """Return what the spec says of this timetable."""
        seconds, months = _check_positive(self.delta)
        return DeltaIntervalSchedule(seconds=seconds, months=months)


class EventsTimetable(NativeTimetable):
    """Fires at given moments."""

    def __init__(
        self,
        event_dates: Iterable[datetime],
        restrict_to_events: bool = False,
        presorted: bool = False,
        description: str | None = None,
    ) -> None:
        dates = [check_aware(moment, "event date").astimezone(UTC) for moment in event_dates]
        self.event_dates = dates if presorted else sorted(set(dates))
        self.restrict_to_events = restrict_to_events
        self.description = description or f"{len(self.event_dates)} events"

    @property
    def summary(self) -> str:
        """What the author calls it."""
        return self.description

    def describe(self) -> Schedule:
        """Return what the spec says of this timetable."""
        return EventsSchedule(
            dates=tuple(datetime.fromtimestamp(moment.timestamp(), UTC) for moment in self.event_dates),
            restrict_to_events=self.restrict_to_events,
            description=self.description,
        )


class AssetTriggeredTimetable(NativeTimetable):
    """Fires when its assets were updated."""

    description = "Triggered by assets"

    def __init__(self, assets: BaseAsset | Collection[BaseAsset]) -> None:
        self.asset_condition = _condition(assets)

    @property
    def summary(self) -> str:
        """What lists of DAGs show."""
        return "Asset"

    def describe(self) -> Schedule:
        """Return what the spec says of this timetable."""
        return AssetSchedule(condition=_condition(self.asset_condition).to_spec())


class AssetOrTimeSchedule(NativeTimetable):
    """Fires when its assets were updated, and by time as well.

    Raises:
        AirflowTimetableInvalid: the other timetable is not one of time.
    """

    def __init__(self, *, timetable: Timetable, assets: object = None, datasets: object = None) -> None:
        self.timetable = timetable
        self.asset_condition = _condition(assets if assets is not None else datasets)

    @property
    def summary(self) -> str:
        """What lists of DAGs show."""
        return f"Asset or {self.timetable.summary}"

    def describe(self) -> Schedule:
        """Return what the spec says of this timetable."""
        time = self.timetable.to_schedule()
        if not isinstance(time, TimeSchedule):
            raise AirflowTimetableInvalid(
                f"AssetOrTimeSchedule needs a timetable of time, got {self.timetable!r}"
            )
        return AssetOrTimeSpec(condition=_condition(self.asset_condition).to_spec(), timetable=time)


#: the name in Airflow 2
DatasetOrTimeSchedule = AssetOrTimeSchedule


def custom_parts(schedule: Schedule) -> CustomSchedule | None:
    """Return the custom schedule that ``schedule`` is or contains; the parser writes down its points."""
    inner = schedule.timetable if isinstance(schedule, AssetOrTimeSpec) else schedule
    return inner if isinstance(inner, CustomSchedule) else None


def _cron_trigger(
    crons: tuple[str, ...], timezone: str, interval: Delta, run_immediately: bool | timedelta
) -> Schedule:
    length = delta_parts(interval)
    return CronTriggerSchedule(
        expressions=crons,
        timezone=timezone,
        interval_seconds=length.seconds,
        interval_months=length.months,
        run_immediately=_seconds(run_immediately),
    )


def _seconds(run_immediately: bool | float | timedelta) -> bool | float:
    return run_immediately.total_seconds() if isinstance(run_immediately, timedelta) else run_immediately


def _check_positive(delta: Delta) -> tuple[float, int]:
    parts = delta_parts(delta)
    if parts.seconds < 0 or parts.months < 0 or not any(parts):
        raise AirflowTimetableInvalid(f"a schedule's duration must be positive, got {delta!r}")
    return parts


def _condition(assets: object) -> BaseAsset:
    condition = as_asset_condition(assets)
    if condition is None or (isinstance(condition, AssetAll) and not condition.objects):
        raise AirflowTimetableInvalid(
            f"a schedule by assets needs an asset or a list of assets, got {assets!r}"
        )
    return condition

"""The base of timetables, for authors who compute their own: what is due, and what each run covers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from etesian.sdk.exceptions import AirflowTimetableInvalid
from etesian.sdk.time.schedule_values import check_aware
from etesian.spec.schedule import CustomSchedule, Schedule, SchedulePoint

if TYPE_CHECKING:
    from typing import Self

    from etesian.sdk.assets.asset import BaseAsset

#: How many points of a custom timetable are written down at a time.
POINTS_AHEAD: Final = 100


class DataInterval(NamedTuple):
    """The period of data that a run is about; ``end`` is not part of it."""

    start: datetime
    end: datetime

    @classmethod
    def exact(cls, at: datetime) -> DataInterval:
        """Return the interval of no length at one moment."""
        return cls(at, at)


class TimeRestriction(NamedTuple):
    """The bounds within which a timetable may choose."""

    earliest: datetime | None
    latest: datetime | None
    catchup: bool


class DagRunInfo(NamedTuple):
    """One run to come: when it may start, and what it is about."""

    run_after: datetime
    data_interval: DataInterval | None

    @classmethod
    def exact(cls, at: datetime) -> DagRunInfo:
        """Return a run at one moment, about that moment."""
        return cls(at, DataInterval.exact(at))

    @classmethod
    def interval(cls, start: datetime, end: datetime) -> DagRunInfo:
        """Return a run that starts when its interval has ended."""
        return cls(end, DataInterval(start, end))

    @property
    def logical_date(self) -> datetime:
        """The start of the data interval, by which runs are known; without one, when the run may start."""
        return self.data_interval.start if self.data_interval else self.run_after


class Timetable:
    """When a DAG is due. A subclass answers two questions about dates; only the parser asks them.

    The class must be importable by the parser: put it in a plugin or beside the DAG file.
    """

    description: str = ""
    periodic: bool = True
    can_be_scheduled: bool = True
    run_ordering: Sequence[str] = ("data_interval_end", "logical_date")
    active_runs_limit: int | None = None
    asset_condition: BaseAsset | None = None
    partitioned: ClassVar[bool] = False

    @property
    def summary(self) -> str:
        """A few letters for lists of DAGs."""
        return type(self).__name__

    @property
    def type_name(self) -> str:
        """The import path of the class."""
        return f"{type(self).__module__}.{type(self).__qualname__}"

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """Return the run that follows the last scheduled one, or None when there is no more."""
        raise NotImplementedError(f"{type(self).__name__} must implement next_dagrun_info()")

    def infer_manual_data_interval(self, *, run_after: datetime) -> DataInterval:
        """Return the data interval of a run that someone started by hand at ``run_after``."""
        raise NotImplementedError(f"{type(self).__name__} must implement infer_manual_data_interval()")

    def serialize(self) -> dict[str, Any]:
        """Return JSON arguments from which ``deserialize`` makes an equal timetable."""
        return {}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> Self:
        """Return the timetable that ``serialize`` described."""
        return cls(**data)

    def validate(self) -> None:
        """Raise ``AirflowTimetableInvalid`` if the arguments make no sense."""

    def generate_run_id(
        self, *, run_type: Any, run_after: datetime, data_interval: DataInterval | None, **_: Any
    ) -> str:
        """Return the run_id of a run to come."""
        moment = data_interval.start if data_interval else run_after
        return f"{getattr(run_type, 'value', run_type)}__{moment.astimezone(UTC).isoformat()}"

    def to_schedule(self) -> Schedule:
        """Return what the spec says of this timetable; its points are written down by the parser."""
        return CustomSchedule(
            class_path=self.type_name, data=self.serialize(), description=self.description or self.summary
        )


def as_interval(start: datetime, end: datetime) -> DataInterval:
    """Return an interval of the date type that authors compute with."""
    import pendulum  # heavy, and DAG files without timetables of their own need it not

    return DataInterval(pendulum.instance(start), pendulum.instance(end))


def iter_points(
    timetable: Timetable, restriction: TimeRestriction, last: SchedulePoint | None = None
) -> Iterator[SchedulePoint]:
    """Yield the points of a custom timetable after ``last``, until it has no more.

    Raises:
        AirflowTimetableInvalid: it gave a point that is not after the one before, or that has no time zone.
    """
    interval = None
    if last is not None and last.data_interval_start is not None and last.data_interval_end is not None:
        interval = as_interval(last.data_interval_start, last.data_interval_end)
    before = last.run_after if last else None
    while True:
        info = timetable.next_dagrun_info(last_automated_data_interval=interval, restriction=restriction)
        if info is None:
            return
        point = _to_point(info)
        if before is not None and point.run_after <= before:
            raise AirflowTimetableInvalid(
                f"{timetable.type_name} gave a run at {point.run_after.isoformat()} "
                f"after one at {before.isoformat()}; next_dagrun_info must move forward"
            )
        yield point
        before, interval = point.run_after, info.data_interval


def compute_points(
    timetable: Timetable,
    restriction: TimeRestriction,
    last: SchedulePoint | None = None,
    limit: int = POINTS_AHEAD,
) -> tuple[SchedulePoint, ...]:
    """Return at most ``limit`` points of a custom timetable after ``last``; see ``iter_points``."""
    return tuple(
        point for point, _ in zip(iter_points(timetable, restriction, last), range(limit), strict=False)
    )


def _to_point(info: DagRunInfo) -> SchedulePoint:
    interval = info.data_interval
    return SchedulePoint(
        run_after=_utc(info.run_after, "run_after"),
        logical_date=_utc(info.logical_date, "logical_date"),
        data_interval_start=_utc(interval.start, "data interval start") if interval else None,
        data_interval_end=_utc(interval.end, "data interval end") if interval else None,
    )


def _utc(moment: datetime, what: str) -> datetime:
    return datetime.fromtimestamp(check_aware(moment, what).timestamp(), UTC)

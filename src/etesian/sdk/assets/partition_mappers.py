"""Mappers of partitions, as authors write them. The scheduler computes with what they describe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import tzinfo
from typing import ClassVar, Final

from etesian.sdk.assets.partition_windows import WaitForAll, WaitPolicy, Window
from etesian.sdk.exceptions import AirflowTimetableInvalid
from etesian.sdk.time.schedule_values import timezone_name
from etesian.spec import partition as spec
from etesian.timetables.partitions import map_key


class PartitionMapper:
    """Base of the mappers: which partitions of a DAG an asset's update is about."""

    #: whether it reads moments, as windows of time need
    is_of_time: ClassVar[bool] = False

    def __init__(self, *, max_downstream_keys: int | None = None) -> None:
        if max_downstream_keys is not None and max_downstream_keys < 1:
            raise AirflowTimetableInvalid(
                f"max_downstream_keys of a {type(self).__name__} must be at least 1, got {max_downstream_keys}"
            )
        self.max_downstream_keys = max_downstream_keys

    def to_spec(self) -> spec.Mapper:
        """Return the description that leaves the DAG file.

        Raises:
            AirflowTimetableInvalid: it is an author's own class, which the scheduler cannot call.
        """
        raise AirflowTimetableInvalid(
            f"{type(self).__name__} is a mapper of its own; the scheduler runs no code of DAG files. Combine the "
            "mappers that there are, or let a task add the partitions: outlet_events[asset].add_partitions(...)"
        )

    def to_downstream(self, key: str) -> str | list[str]:
        """Return the key that a key gives, or the keys.

        Raises:
            PartitionKeyError: the key cannot be mapped.
        """
        keys = map_key(self.to_spec(), key)
        return keys[0] if len(keys) == 1 else list(keys)


class IdentityMapper(PartitionMapper):
    """Keeps the key."""

    def to_spec(self) -> spec.Mapper:
        """Return the description that leaves the DAG file."""
        return spec.IdentityMapper(max_keys=self.max_downstream_keys)


class AllowedKeyMapper(PartitionMapper):
    """Keeps these keys, and ignores others."""

    def __init__(self, allowed_keys: Iterable[str], *, max_downstream_keys: int | None = None) -> None:
        super().__init__(max_downstream_keys=max_downstream_keys)
        self.allowed_keys = list(allowed_keys)

    def to_spec(self) -> spec.Mapper:
        """Return the description that leaves the DAG file."""
        return spec.AllowedKeyMapper(keys=tuple(self.allowed_keys), max_keys=self.max_downstream_keys)


class FixedKeyMapper(PartitionMapper):
    """Makes one key of all."""

    def __init__(self, downstream_key: str, *, max_downstream_keys: int | None = None) -> None:
        super().__init__(max_downstream_keys=max_downstream_keys)
        if not isinstance(downstream_key, str) or not downstream_key:
            raise AirflowTimetableInvalid(f"FixedKeyMapper needs a key, got {downstream_key!r}")
        self.downstream_key = downstream_key

    def to_spec(self) -> spec.Mapper:
        """Return the description that leaves the DAG file."""
        return spec.FixedKeyMapper(key=self.downstream_key, max_keys=self.max_downstream_keys)


class PeriodMapper(PartitionMapper):
    """Base of the mappers that make the key of a period out of that of a moment in it."""

    is_of_time = True
    unit: ClassVar[str]
    default_output_format: ClassVar[str]

    def __init__(
        self,
        *,
        timezone: str | tzinfo = "UTC",
        input_format: str = "%Y-%m-%dT%H:%M:%S",
        output_format: str | None = None,
        max_downstream_keys: int | None = None,
    ) -> None:
        super().__init__(max_downstream_keys=max_downstream_keys)
        self.timezone = timezone_name(timezone)
        self.input_format = input_format
        self.output_format = output_format or self.default_output_format

    def to_spec(self) -> spec.Mapper:
        """Return the description that leaves the DAG file."""
        return spec.PeriodMapper(
            unit=self.unit,
            timezone=self.timezone,
            input_format=self.input_format,
            output_format=self.output_format,
            max_keys=self.max_downstream_keys,
        )


class StartOfHourMapper(PeriodMapper):
    """The hour: ``2024-03-13T10``."""

    unit = "hour"
    default_output_format = "%Y-%m-%dT%H"


class StartOfDayMapper(PeriodMapper):
    """The day: ``2024-03-13``."""

    unit = "day"
    default_output_format = "%Y-%m-%d"


class StartOfWeekMapper(PeriodMapper):
    """The week by its Monday: ``2024-03-11 (W11)``."""

    unit = "week"
    default_output_format = "%Y-%m-%d (W%V)"


class StartOfMonthMapper(PeriodMapper):
    """The month: ``2024-03``."""

    unit = "month"
    default_output_format = "%Y-%m"


class StartOfQuarterMapper(PeriodMapper):
    """The quarter: ``2024-Q1``."""

    unit = "quarter"
    default_output_format = "%Y-Q{quarter}"


class StartOfYearMapper(PeriodMapper):
    """The year: ``2024``."""

    unit = "year"
    default_output_format = "%Y"


class ProductMapper(PartitionMapper):
    """Maps the parts of a key, between delimiters, each by its own mapper."""

    def __init__(
        self,
        mapper0: PartitionMapper,
        mapper1: PartitionMapper,
        /,
        *mappers: PartitionMapper,
        delimiter: str = "|",
        max_downstream_keys: int | None = None,
    ) -> None:
        super().__init__(max_downstream_keys=max_downstream_keys)
        self.mappers = [mapper0, mapper1, *mappers]
        self.delimiter = delimiter

    def to_spec(self) -> spec.Mapper:
        """Return the description that leaves the DAG file."""
        mappers = tuple(mapper.to_spec() for mapper in self.mappers)
        return spec.ProductMapper(
            mappers=mappers, delimiter=self.delimiter, max_keys=self.max_downstream_keys
        )


class ChainMapper(PartitionMapper):
    """Maps what one mapper gives by the next."""

    def __init__(
        self,
        mapper0: PartitionMapper,
        mapper1: PartitionMapper,
        /,
        *mappers: PartitionMapper,
        max_downstream_keys: int | None = None,
    ) -> None:
        super().__init__(max_downstream_keys=max_downstream_keys)
        self.mappers = [mapper0, mapper1, *mappers]

    def to_spec(self) -> spec.Mapper:
        """Return the description that leaves the DAG file."""
        mappers = tuple(mapper.to_spec() for mapper in self.mappers)
        return spec.ChainMapper(mappers=mappers, max_keys=self.max_downstream_keys)


class RollupMapper(PartitionMapper):
    """Makes one key of many; its run waits for all keys of the window, or for as many as the policy says.

    Raises:
        AirflowTimetableInvalid: the window is of time and the mapper is not, or the other way round.
    """

    def __init__(
        self,
        *,
        upstream_mapper: PartitionMapper,
        window: Window,
        wait_policy: WaitPolicy | None = None,
        max_downstream_keys: int | None = None,
    ) -> None:
        super().__init__(max_downstream_keys=max_downstream_keys)
        if upstream_mapper.is_of_time is not window.is_of_time:
            raise AirflowTimetableInvalid(
                f"{type(window).__name__} does not go with {type(upstream_mapper).__name__}: "
                "windows of time go with StartOf…Mapper, SegmentWindow with FixedKeyMapper"
            )
        self.upstream_mapper = upstream_mapper
        self.window = window
        self.wait_policy = wait_policy or WaitForAll()

    def to_spec(self) -> spec.Mapper:
        """Return the description that leaves the DAG file."""
        return spec.RollUpMapper(
            mapper=self.upstream_mapper.to_spec(),
            window=self.window.to_spec(),
            minimum=self.wait_policy.minimum,
            max_keys=self.max_downstream_keys,
        )


#: By unit of a window: what its parts are written by, unless the author says it.
_PARTS_OF: Final[Mapping[str, type[PeriodMapper]]] = {
    "day": StartOfHourMapper,
    "week": StartOfDayMapper,
    "month": StartOfDayMapper,
    "quarter": StartOfMonthMapper,
    "year": StartOfMonthMapper,
}


class FanOutMapper(PartitionMapper):
    """Makes all keys of a window out of one; each has a run of its own.

    Raises:
        AirflowTimetableInvalid: it is not clear how the parts of the window are written.
    """

    def __init__(
        self,
        *,
        upstream_mapper: PartitionMapper,
        window: Window,
        downstream_mapper: PartitionMapper | None = None,
        max_downstream_keys: int | None = None,
    ) -> None:
        super().__init__(max_downstream_keys=max_downstream_keys)
        parts = _PARTS_OF.get(window.unit)
        if downstream_mapper is None and parts is None and window.is_of_time:
            raise AirflowTimetableInvalid(
                f"a FanOutMapper over {type(window).__name__} needs downstream_mapper"
            )
        self.upstream_mapper = upstream_mapper
        self.window = window
        self.downstream_mapper = downstream_mapper or (parts() if parts is not None else IdentityMapper())

    def to_spec(self) -> spec.Mapper:
        """Return the description that leaves the DAG file."""
        return spec.FanOutMapper(
            mapper=self.upstream_mapper.to_spec(),
            window=self.window.to_spec(),
            downstream=self.downstream_mapper.to_spec(),
            max_keys=self.max_downstream_keys,
        )

"""Timetables of DAGs whose runs are about one partition each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta, tzinfo
from typing import Any

import msgspec

from etesian.sdk.assets.asset import BaseAsset, as_asset_condition
from etesian.sdk.assets.asset_events import event_key
from etesian.sdk.assets.partition_mappers import IdentityMapper, PartitionMapper
from etesian.sdk.exceptions import AirflowTimetableInvalid
from etesian.sdk.timetables.timetable_classes import (
    AssetTriggeredTimetable,
    CronTriggerTimetable,
    NullTimetable,
)
from etesian.spec.partition import AssetMapping, AssetPartitions, CronPartition
from etesian.spec.schedule import AssetSchedule, CronTriggerSchedule, Schedule


class CronPartitionTimetable(CronTriggerTimetable):
    """Fires at each time of a cron expression; a run is about the partition of that time.

    With a ``run_offset`` of -1 it is about that of the time before, with 1 about that of the time after.

    Raises:
        AirflowTimetableInvalid: the offset is no whole number.
    """

    partitioned = True

    def __init__(
        self,
        cron: str,
        *,
        timezone: str | tzinfo | None = None,
        run_offset: int | None = None,
        run_immediately: bool | timedelta = False,
        key_format: str = "%Y-%m-%dT%H:%M:%S",
    ) -> None:
        super().__init__(cron, timezone=timezone, run_immediately=run_immediately)
        if run_offset is not None and not isinstance(run_offset, int):
            raise AirflowTimetableInvalid(f"run_offset must be a whole number, got {run_offset!r}")
        self.run_offset = run_offset or 0
        self.key_format = key_format

    def describe(self) -> Schedule:
        """Return what the spec says of this timetable."""
        schedule = super().describe()
        assert isinstance(schedule, CronTriggerSchedule), "a cron trigger describes itself as one"
        partition = CronPartition(key_format=self.key_format, offset=self.run_offset)
        return msgspec.structs.replace(schedule, partition=partition)

    def serialize(self) -> dict[str, Any]:
        """Return JSON arguments of an equal timetable."""
        return {**super().serialize(), "run_offset": self.run_offset, "key_format": self.key_format}


class PartitionedAssetTimetable(AssetTriggeredTimetable):
    """Fires for each partition for which its assets were updated.

    ``partition_mapper_config`` says, per asset, which partition of this DAG a partition of the asset belongs to;
    ``default_partition_mapper`` says it of the others.

    Raises:
        AirflowTimetableInvalid: a mapper is given for an asset that the DAG does not wait for.
    """

    partitioned = True

    def __init__(
        self,
        assets: BaseAsset | Collection[BaseAsset],
        *,
        partition_mapper_config: Mapping[Any, PartitionMapper] | None = None,
        default_partition_mapper: PartitionMapper | None = None,
    ) -> None:
        super().__init__(assets)
        self.partition_mapper_config = dict(partition_mapper_config or {})
        self.default_partition_mapper = default_partition_mapper or IdentityMapper()

    def describe(self) -> Schedule:
        """Return what the spec says of this timetable."""
        schedule = super().describe()
        assert isinstance(schedule, AssetSchedule), "a timetable by assets describes itself as one"
        return msgspec.structs.replace(schedule, partitions=self._partitions())

    def _partitions(self) -> AssetPartitions:
        condition = as_asset_condition(self.asset_condition)
        leaves = {event_key(leaf): leaf for leaf in condition.iter_leaves()} if condition is not None else {}
        mappings = []
        for asset, mapper in self.partition_mapper_config.items():
            leaf = leaves.get(event_key(asset))
            if leaf is None:
                raise AirflowTimetableInvalid(
                    f"a partition mapper is given for {asset!r}, which the schedule does not wait for"
                )
            mappings.append(AssetMapping(asset=leaf.to_spec(), mapper=mapper.to_spec()))  # type: ignore[arg-type]  # a leaf, no condition
        return AssetPartitions(mappings=tuple(mappings), default=self.default_partition_mapper.to_spec())


class PartitionedAtRuntime(NullTimetable):
    """Runs only when asked for; tasks say which partitions they wrote: ``outlet_events[asset].add_partitions(...)``."""

    partitioned = True

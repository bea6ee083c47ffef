"""Classes that were renamed when datasets became assets, and whose name is shown to people."""

from __future__ import annotations

from etesian.sdk.timetables.timetable_base import Timetable
from etesian.sdk.timetables.timetable_classes import AssetOrTimeSchedule


class DatasetOrTimeSchedule(AssetOrTimeSchedule):
    """``AssetOrTimeSchedule`` under its name of Airflow 2."""

    def __init__(self, *, timetable: Timetable, datasets: object) -> None:
        super().__init__(timetable=timetable, assets=datasets)

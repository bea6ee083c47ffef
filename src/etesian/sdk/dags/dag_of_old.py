"""What DAG objects could be asked in Airflow 1 and 2, for the files that still ask it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from etesian.sdk.late_names import load_late
from etesian.sdk.time.timezone import convert_to_utc

if TYPE_CHECKING:
    from etesian.sdk.timetables.timetable_base import DagRunInfo, Timetable

_CALENDAR: Final = "etesian.sdk.timetables.dag_calendar"
_TASK_DECORATOR: Final = "etesian.sdk.tasks.taskflow:task"

#: What asked Airflow's database, and what does it here.
_INSTEAD: Final[Mapping[str, str]] = {
    "clear": "`etesian tasks clear`",
    "run": "`etesian backfill create`, or dag.test() for one run in this process",
    "create_dagrun": "`etesian dags trigger`, or TriggerDagRunOperator",
    "get_dagrun": "DagRun.find(dag_id=..., run_id=...)",
    "get_last_dagrun": "DagRun.find(dag_id=...)",
    "get_active_runs": "DagRun.find(dag_id=..., state='running')",
    "get_dagruns_between": "DagRun.find(dag_id=...)",
    "get_task_instances": "dag_run.get_task_instances()",
    "get_is_paused": "GET /api/v2/dags/{dag_id}",
    "is_paused": "GET /api/v2/dags/{dag_id}",
    "set_dag_runs_state": "PATCH /api/v2/dags/{dag_id}/dagRuns/{run_id}",
    "sync_to_db": "`etesian parser`, which stores DAGs by itself",
    "pickle": "a DAG bundle, from which workers import the file",
}


class DagOfOld:
    """Names that older DAG files use of a DAG: its calendar, and earlier spellings of what it has."""

    #: whether the DAG runs only as a task of another one
    is_subdag = False

    if TYPE_CHECKING:
        dag_id: str
        fileloc: str
        task_dict: dict[str, Any]
        task_group: Any
        max_active_tasks: int
        fail_fast: bool
        schedule: Any
        is_paused_upon_creation: bool | None
        start_date: datetime | None

        @property
        def timetable(self) -> Timetable:
            """Return the schedule as a timetable."""

    # --- calendar -------------------------------------------------------------------------------------------

    def following_schedule(self, dttm: datetime) -> datetime | None:
        """Return the logical date after ``dttm``; None when the schedule has no more."""
        found: datetime | None = load_late(f"{_CALENDAR}:date_after")(self.timetable, convert_to_utc(dttm))
        return found

    def previous_schedule(self, dttm: datetime) -> datetime | None:
        """Return the logical date before ``dttm``; None when the schedule has none."""
        found: datetime | None = load_late(f"{_CALENDAR}:date_before")(self.timetable, convert_to_utc(dttm))
        return found

    def get_run_dates(self, start_date: datetime, end_date: datetime | None = None) -> list[datetime]:
        """Return the logical dates from ``start_date`` to ``end_date``, both included; until now by default."""
        return [info.logical_date for info in self.iter_dagrun_infos_between(start_date, end_date)]

    def iter_dagrun_infos_between(
        self, earliest: datetime | None, latest: datetime | None, *, align: bool = True
    ) -> Iterator[DagRunInfo]:
        """Yield the runs whose logical dates lie between two moments, as catching up would create them."""
        found: Iterator[DagRunInfo] = load_late(f"{_CALENDAR}:runs_between")(
            self.timetable, _as_utc(earliest or self.start_date), _as_utc(latest)
        )
        return found

    @property
    def is_fixed_time_schedule(self) -> bool:
        """Whether runs are a fixed time apart."""
        return isinstance(self.schedule, timedelta)

    # --- earlier spellings ----------------------------------------------------------------------------------

    @property
    def concurrency(self) -> int:
        """Return how many tasks of the DAG run at once."""
        return self.max_active_tasks

    @property
    def fail_stop(self) -> bool:
        """Whether the first failure ends the run."""
        return self.fail_fast

    @property
    def full_filepath(self) -> str:
        """Return the file that defines the DAG."""
        return self.fileloc

    @property
    def task_group_dict(self) -> dict[str | None, Any]:
        """Return the groups by id."""
        groups: dict[str | None, Any] = self.task_group.get_task_group_dict()
        return groups

    @property
    def teardowns(self) -> list[Any]:
        """Return the tasks that are teardowns."""
        return [task for task in self.task_dict.values() if task.is_teardown]

    @property
    def subdags(self) -> list[Any]:
        """Return the DAGs of all SubDagOperators, at any depth."""
        found: list[Any] = []
        for task in self.task_dict.values():
            subdag = getattr(task, "subdag", None)
            if subdag is not None:
                found += [subdag, *subdag.subdags]
        return found

    def become_subdag(self) -> None:
        """Run only when the task does that the DAG is: not by its own schedule, and not held back by a pause."""
        self.is_subdag = True
        self.schedule = None
        self.is_paused_upon_creation = False

    @property
    def task(self) -> Any:
        """Return ``@task`` for functions of this DAG: ``@dag.task``."""
        return partial(load_late(_TASK_DECORATOR), dag=self)

    def __getattr__(self, name: str) -> Any:
        """Say of what asked Airflow's database what does it here.

        Raises:
            AttributeError: always.
        """
        hint = f"; instead there is {_INSTEAD[name]}" if name in _INSTEAD else ""
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{hint}")


def _as_utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else convert_to_utc(moment)

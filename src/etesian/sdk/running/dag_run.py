"""The run that a task or callback belongs to, as ``context["dag_run"]``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from zlib import crc32

from etesian.protocol.requests import GetRunStates, GetTaskStates, RunInfo, RunInfos, TaskStates
from etesian.protocol.workloads import RunContext
from etesian.sdk.runtime import ask
from etesian.sdk.time.timezone import coerce_datetime


@dataclass(frozen=True, slots=True)
class TaskInstanceState:
    """Another task instance of the run, as far as a task may know it."""

    dag_id: str
    task_id: str
    run_id: str
    map_index: int
    state: str | None

    def current_state(self) -> str | None:
        """Return the state."""
        return self.state


class DagRun:
    """A run. Dates are aware pendulum datetimes; what is not known is None."""

    #: The run's DAG, where listeners are told of its end.
    dag: Any = None

    def __init__(self, run: RunContext, *, state: str = "running", ended_at: datetime | None = None) -> None:
        self.dag_id = run.dag_id
        self.run_id = run.run_id
        self.run_type = run.run_type
        self.conf: dict[str, Any] = dict(run.conf)
        self.clear_number = run.clear_number
        self.triggered_by = run.triggered_by
        self.triggering_user_name = run.triggering_user
        self.note = run.note
        self.partition_key = run.partition_key
        self.state = state
        self._run = run
        self._ended_at = ended_at

    def __repr__(self) -> str:
        date = self._run.logical_date or self._run.run_after
        return f"<DagRun {self.dag_id} @ {date}: {self.run_id}, state: {self.state}>"

    @property
    def id(self) -> int:
        """Return a number that tells runs apart and stays the same; that of the database is nothing to tasks."""
        return crc32(f"{self.dag_id} {self.run_id}".encode())

    # --- dates ----------------------------------------------------------------------------------------------

    @cached_property
    def logical_date(self) -> Any:
        """Return the date that the run is known by; a run without one has None."""
        return coerce_datetime(self._run.logical_date)

    @property
    def execution_date(self) -> Any:
        """Return the logical date by its older name."""
        return self.logical_date

    @cached_property
    def run_after(self) -> Any:
        """Return when the run could start."""
        return coerce_datetime(self._run.run_after)

    @cached_property
    def data_interval_start(self) -> Any:
        """Return where the data of the run begins."""
        return coerce_datetime(self._run.data_interval_start)

    @cached_property
    def data_interval_end(self) -> Any:
        """Return where the data of the run ends."""
        return coerce_datetime(self._run.data_interval_end)

    @cached_property
    def partition_date(self) -> Any:
        """Return when the period of the run's partition begins; None if the partition is about no time."""
        return coerce_datetime(self._run.partition_date)

    @cached_property
    def queued_at(self) -> Any:
        """Return when the run was created."""
        return coerce_datetime(self._run.queued_at)

    @cached_property
    def start_date(self) -> Any:
        """Return when its first task could start."""
        return coerce_datetime(self._run.started_at)

    @cached_property
    def end_date(self) -> Any:
        """Return when it ended; None while it runs."""
        return coerce_datetime(self._ended_at)

    @staticmethod
    def generate_run_id(
        run_type: Any, logical_date: datetime | None = None, run_after: datetime | None = None, **_: Any
    ) -> str:
        """Return the run_id that a run of a type and date gets."""
        moment = logical_date if logical_date is not None else run_after
        return f"{getattr(run_type, 'value', run_type)}__{moment.isoformat() if moment is not None else ''}"

    # --- kinds ----------------------------------------------------------------------------------------------

    @property
    def external_trigger(self) -> bool:
        """Whether somebody, or another DAG, asked for the run."""
        return self.run_type in ("manual", "operator_triggered")

    @property
    def is_backfill(self) -> bool:
        """Whether the run belongs to a backfill."""
        return self.run_type == "backfill"

    @property
    def asset_events(self) -> tuple[Mapping[str, object], ...]:
        """Return the asset events that started the run, as plain data."""
        return self._run.asset_events

    # --- questions to the platform --------------------------------------------------------------------------

    def get_state(self) -> str:
        """Return the state."""
        return self.state

    def get_task_instances(
        self, state: str | Collection[str] | None = None, session: Any = None
    ) -> list[TaskInstanceState]:
        """Return the task instances of the run, by state where one is given."""
        states = None if state is None else (state,) if isinstance(state, str) else tuple(map(str, state))
        answer = ask(GetTaskStates(dag_id=self.dag_id, run_ids=(self.run_id,), states=states), TaskStates)
        return [
            TaskInstanceState(self.dag_id, item.task_id, item.run_id, item.map_index, item.state)
            for item in answer.items
        ]

    def get_task_instance(
        self, task_id: str, session: Any = None, *, map_index: int = -1
    ) -> TaskInstanceState | None:
        """Return one task instance of the run, or None."""
        return find_instance(self, task_id, map_index)

    def get_previous_dagrun(self, state: str | None = None, session: Any = None) -> RunInfo | None:
        """Return the run before this one, of a state where one is given."""
        return find_previous_run(self, (state,) if state else None)

    def get_previous_scheduled_dagrun(self, session: Any = None) -> RunInfo | None:
        """Return the scheduled run before this one."""
        return find_previous_run(self, None, scheduled_only=True)


def find_instance(run: DagRun | RunInfo, task_id: str, map_index: int) -> TaskInstanceState | None:
    """Return one task instance of a run; None if it has none of that name."""
    request = GetTaskStates(
        dag_id=run.dag_id, run_ids=(run.run_id,), task_ids=(task_id,), map_index=map_index
    )
    found = ask(request, TaskStates).items
    states = (item.state for item in found if (item.task_id, item.map_index) == (task_id, map_index))
    state = next(states, None)
    return None if state is None else TaskInstanceState(run.dag_id, task_id, run.run_id, map_index, state)


def find_previous_run(
    run: DagRun, states: tuple[str, ...] | None, *, scheduled_only: bool = False
) -> RunInfo | None:
    """Return the newest run of the DAG that is before this one, or None."""
    before = run._run.logical_date or run._run.run_after
    limit = 100 if scheduled_only else 1
    answer = ask(GetRunStates(dag_id=run.dag_id, states=states, before=before, limit=limit), RunInfos)
    for found in answer.runs:
        if not scheduled_only or found.run_type == "scheduled":
            return found
    return None

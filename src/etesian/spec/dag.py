"""The description of one DAG."""

from __future__ import annotations

from datetime import datetime

import msgspec

from etesian.spec.asset import WatcherSpec
from etesian.spec.schedule import NoSchedule, Schedule
from etesian.spec.task import EdgeLabelSpec, GroupSpec, TaskSpec


class ParamSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One run parameter: its default and the JSON Schema that a value must satisfy."""

    value: object = None
    has_value: bool = True  #: False: the caller must give one
    schema: dict[str, object] = {}
    description: str | None = None
    source: str | None = None


class DeadlineSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Alert when a run is not done ``interval_seconds`` after a reference moment."""

    reference: str  #: queued_at | logical_date | fixed | average_runtime
    interval_seconds: float
    at: datetime | None = None  #: for ``fixed``
    max_runs: int | None = None  #: for ``average_runtime``: of so many of the newest successful runs
    min_runs: int | None = None  #: with fewer there is no deadline; None: ``max_runs``
    name: str | None = None


class DagSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One DAG, as a file defines it. Equal specs have equal hashes; see ``codec``.

    ``file`` is relative to the bundle's folder. Tasks are in topological order.
    """

    dag_id: str
    file: str
    tasks: tuple[TaskSpec, ...] = ()
    groups: tuple[GroupSpec, ...] = ()
    edge_labels: tuple[EdgeLabelSpec, ...] = ()

    schedule: Schedule = NoSchedule()
    schedule_text: str = "None"  #: as the author wrote it, for people
    start_date: datetime | None = None
    end_date: datetime | None = None
    timezone: str = "UTC"
    catchup: bool = False
    allowed_run_types: tuple[str, ...] | None = None

    max_active_runs: int = 16
    max_active_tasks: int = 16
    max_consecutive_failed_runs: int = 0  #: 0: never pause by itself
    dagrun_timeout_seconds: float | None = None
    fail_fast: bool = False
    callbacks: tuple[str, ...] = ()  #: which of success, failure, sla_miss are set
    deadlines: tuple[DeadlineSpec, ...] = ()
    watchers: tuple[WatcherSpec, ...] = ()

    params: dict[str, ParamSpec] = {}
    is_paused_upon_creation: bool | None = None
    disable_bundle_versioning: bool = (
        False  #: tasks read the newest files of the bundle, not those of their run
    )
    rerun_with_latest_version: bool | None = None

    description: str | None = None
    doc_md: str | None = None
    display_name: str | None = None
    owners: tuple[str, ...] = ()
    owner_links: dict[str, str] = {}
    tags: tuple[str, ...] = ()
    access_control: dict[str, object] = {}
    default_view: str = "grid"
    render_template_as_native_obj: bool = False

    def task(self, task_id: str) -> TaskSpec:
        """Return the task of that id.

        Raises:
            KeyError: there is none.
        """
        for task in self.tasks:
            if task.task_id == task_id:
                return task
        raise KeyError(task_id)

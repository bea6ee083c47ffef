"""The description of one task: all that the scheduler, the API and the UI need to know of it."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

import msgspec

from etesian.spec.asset import AssetLike
from etesian.spec.trigger_rule import TriggerRule


class LiteralInput(msgspec.Struct, frozen=True, kw_only=True, tag="literal"):
    """A mapped argument whose length is known when the file is parsed."""

    length: int


class XComInput(msgspec.Struct, frozen=True, kw_only=True, tag="xcom"):
    """A mapped argument that is the result of other tasks; its length is known when they have finished.

    ``length_of`` says how the lengths of ``task_ids`` combine: one task's own length, ``zip`` takes the shortest,
    ``zip_longest`` the longest, ``concat`` the sum.
    """

    task_ids: tuple[str, ...]
    key: str = "return_value"
    length_of: str = "one"  #: one | zip | zip_longest | concat
    literal_lengths: tuple[int, ...] = ()  #: lengths of literal parts that take part in the combination


MapInput: TypeAlias = LiteralInput | XComInput


class MapSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a task or group is expanded: a product over its inputs, in the order they are written.

    The number of instances is the product of the inputs' lengths; ``expand_kwargs`` is one input named ``*``.
    """

    inputs: dict[str, MapInput]

    @property
    def upstream_task_ids(self) -> tuple[str, ...]:
        """The tasks whose results decide the length, sorted."""
        found = {
            task_id
            for item in self.inputs.values()
            if isinstance(item, XComInput)
            for task_id in item.task_ids
        }
        return tuple(sorted(found))


class MarkerSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A task of another DAG that is cleared with this one. Texts are templates, rendered when this one runs."""

    dag_id: str
    task_id: str
    logical_date: str | None = None  #: of the other run, as ISO text; None: the date of this task's own run
    recursion_depth: int = 10  #: how many markers are followed from here on


class TaskSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One task. Durations are in seconds; ``None`` means off."""

    task_id: str
    operator: str = "BaseOperator"  #: class name, as shown to users
    operator_module: str = ""
    operator_class: str = (
        ""  #: name of the class where ``operator`` is that of a decorator, such as ``@task``
    )
    upstream: tuple[str, ...] = ()  #: direct upstream task_ids, sorted
    group: str | None = None  #: id of the innermost task group
    trigger_rule: TriggerRule = TriggerRule.ALL_SUCCESS

    retries: int = 0
    retry_delay_seconds: float = 300.0
    retry_backoff_factor: float = 0.0  #: 0: constant delay; 2: doubles each time
    max_retry_delay_seconds: float | None = None
    execution_timeout_seconds: float | None = None

    depends_on_past: bool = False
    ignore_first_depends_on_past: bool = True
    wait_for_downstream: bool = False
    wait_for_past_depends_before_skipping: bool = False
    start_date: datetime | None = None
    end_date: datetime | None = None

    pool: str = "default_pool"
    pool_slots: int = 1
    priority: int = 1  #: effective priority, the weight rule already applied
    priority_weight: int = 1
    weight_rule: str = "downstream"
    queue: str = "default"
    executor: str | None = None
    executor_config: dict[str, object] = {}
    max_active_per_dag: int | None = None
    max_active_per_run: int | None = None
    isolation: str = "fork"  #: fork | spawn | inline
    run_as_user: str | None = None

    is_setup: bool = False
    is_teardown: bool = False
    on_failure_fail_dag_run: bool = False  #: a teardown whose failure fails the run
    is_sensor: bool = False
    is_empty: bool = False  #: does nothing: the scheduler completes it without a worker
    mapped: MapSpec | None = None
    marker: MarkerSpec | None = None  #: what else a clear of this task clears
    callbacks: tuple[str, ...] = ()  #: which of execute, success, failure, retry, skipped are set
    inlets: tuple[AssetLike, ...] = ()
    outlets: tuple[AssetLike, ...] = ()
    deadlines_seconds: tuple[float, ...] = ()  #: sla: alert when not done that long after the run was due

    owner: str = "airflow"
    display_name: str | None = None
    doc: str | None = None
    params: dict[str, object] = {}
    template_fields: tuple[str, ...] = ()
    ui_color: str = "#fff"
    ui_fgcolor: str = "#000"
    extra_links: tuple[str, ...] = ()
    multiple_outputs: bool = False
    returns_dag_result: bool = False  #: its return value is what the DAG gives back
    line: int | None = None  #: line of the DAG file where the task was made

    @property
    def label(self) -> str:
        """The name to show: the display name, or the task_id."""
        return self.display_name or self.task_id


class GroupSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One task group."""

    group_id: str
    parent: str | None = None  #: id of the group around it; None at the top
    mapped: MapSpec | None = None
    display_name: str | None = None
    tooltip: str = ""
    ui_color: str = "CornflowerBlue"
    ui_fgcolor: str = "#000"


class EdgeLabelSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A text on an edge."""

    upstream: str
    downstream: str
    label: str

"""Random DAGs: small, and with every feature that changes what the scheduler does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from etesian.spec.asset import AssetAll, AssetSpec
from etesian.spec.dag import DagSpec
from etesian.spec.schedule import (
    AssetSchedule,
    CronTriggerSchedule,
    DeltaIntervalSchedule,
    NoSchedule,
    OnceSchedule,
    Schedule,
)
from etesian.spec.task import GroupSpec, LiteralInput, MapSpec, TaskSpec, XComInput
from etesian.spec.trigger_rule import TriggerRule

START = datetime(2030, 1, 1, tzinfo=UTC)
RULES = tuple(TriggerRule)
ORDERS = AssetSpec(name="orders", uri="s3://orders")
PRICES = AssetSpec(name="prices", uri="s3://prices")
POOLS = ("default_pool", "narrow", "wide")


def make_dag(random: Random, dag_id: str, start: datetime) -> DagSpec:
    """Return a DAG that may use anything."""
    tasks: list[TaskSpec] = []
    has_group = random.random() < 0.2
    for number in range(random.randint(1, 6)):
        tasks.append(_make_task(random, number, tasks, has_group=has_group))
    groups = (GroupSpec(group_id="group", mapped=_literal(random)),) if has_group else ()
    return DagSpec(
        dag_id=dag_id,
        file=f"{dag_id}.py",
        tasks=tuple(tasks),
        groups=groups,
        schedule=_make_schedule(random),
        start_date=start,
        end_date=start + timedelta(hours=random.randint(1, 3)),
        catchup=random.random() < 0.7,
        max_active_runs=random.choice((1, 1, 2, 3)),
        max_active_tasks=random.choice((1, 2, 16, 16)),
        max_consecutive_failed_runs=random.choice((0, 0, 0, 2)),
        dagrun_timeout_seconds=random.choice((None, None, None, 600.0)),
        fail_fast=random.random() < 0.1,
        callbacks=("success", "failure") if random.random() < 0.2 else (),
    )


def change_dag(random: Random, spec: DagSpec, start: datetime) -> DagSpec:
    """Return another version of a DAG: other tasks, the same schedule."""
    other = make_dag(random, spec.dag_id, start)
    return DagSpec(
        dag_id=spec.dag_id,
        file=spec.file,
        tasks=other.tasks,
        groups=other.groups,
        schedule=spec.schedule,
        start_date=spec.start_date,
        end_date=spec.end_date,
        catchup=spec.catchup,
        max_active_runs=other.max_active_runs,
        max_active_tasks=other.max_active_tasks,
        callbacks=other.callbacks,
    )


def _make_schedule(random: Random) -> Schedule:
    return random.choice(
        (
            NoSchedule(),
            OnceSchedule(),
            CronTriggerSchedule(expressions=("*/30 * * * *",)),
            DeltaIntervalSchedule(seconds=3600),
            AssetSchedule(condition=random.choice((ORDERS, AssetAll(parts=(ORDERS, PRICES))))),
        )
    )


def _literal(random: Random) -> MapSpec:
    return MapSpec(inputs={"item": LiteralInput(length=random.choice((0, 1, 2, 3)))})


def _make_task(random: Random, number: int, before: list[TaskSpec], *, has_group: bool) -> TaskSpec:
    upstream = {task.task_id for task in before if random.random() < 0.45}
    in_group = has_group and random.random() < 0.5
    mapped = None
    if not in_group and random.random() < 0.25:
        mapped, source = _make_mapping(random, before)
        upstream |= source
    is_teardown = random.random() < 0.08
    uses_past = random.random() < 0.1
    retries = random.choice((0, 0, 1, 2))
    return TaskSpec(
        task_id=f"t{number}",
        upstream=tuple(sorted(upstream)),
        group="group" if in_group else None,
        trigger_rule=_make_rule(random, is_teardown=is_teardown),
        retries=retries,
        retry_delay_seconds=random.choice((0.0, 1.0, 60.0)),
        retry_backoff_factor=random.choice((0.0, 2.0)),
        execution_timeout_seconds=random.choice((None, None, 300.0)),
        depends_on_past=uses_past,
        wait_for_downstream=uses_past and random.random() < 0.4,
        wait_for_past_depends_before_skipping=uses_past and random.random() < 0.5,
        pool=random.choice(POOLS),
        pool_slots=random.choice((1, 1, 1, 2)),
        priority=random.choice((1, 1, 2, 5)),
        max_active_per_dag=random.choice((None, None, None, 1)),
        max_active_per_run=random.choice((None, None, None, 1)),
        is_setup=not is_teardown and random.random() < 0.1,
        is_teardown=is_teardown,
        on_failure_fail_dag_run=is_teardown and random.random() < 0.5,
        is_empty=random.random() < 0.15,
        mapped=mapped,
        callbacks=("success", "failure", "retry", "skipped") if random.random() < 0.15 else (),
    )


def _make_rule(random: Random, *, is_teardown: bool) -> TriggerRule:
    if is_teardown:
        return TriggerRule.ALL_DONE_SETUP_SUCCESS
    return TriggerRule.ALL_SUCCESS if random.random() < 0.5 else random.choice(RULES)


def _make_mapping(random: Random, before: list[TaskSpec]) -> tuple[MapSpec, set[str]]:
    """Return a mapping over a literal, or over results of tasks that come before, and those tasks."""
    if not before or random.random() < 0.4:
        return _literal(random), set()
    sources = random.sample(before, k=min(len(before), random.choice((1, 1, 2))))
    names = tuple(task.task_id for task in sources)
    if len(names) == 1 or random.random() < 0.5:
        how = "one" if len(names) == 1 else random.choice(("zip", "zip_longest", "concat"))
        return MapSpec(inputs={"item": XComInput(task_ids=names, length_of=how)}), set(names)
    return MapSpec(inputs={name: XComInput(task_ids=(name,)) for name in names}), set(names)

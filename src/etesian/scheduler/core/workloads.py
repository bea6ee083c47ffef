"""What workers are told: attempts and callbacks as messages."""

from __future__ import annotations

import msgspec

from etesian.protocol.workloads import Resume, RunCallback, RunContext, RunTask
from etesian.scheduler.core.memory import Instance, Run
from etesian.timetables.run_partitions import partition_date_of

_resume_decoder = msgspec.json.Decoder(Resume)
_resume_encoder = msgspec.json.Encoder()


def make_run_context(run: Run) -> RunContext:
    """Return the run as tasks see it; made once for each state of its record."""
    if run.context is None:
        run.context = _describe(run)
    return run.context


def _describe(run: Run) -> RunContext:
    record, key = run.record, run.record.partition_key
    return RunContext(
        dag_id=record.dag_id,
        run_id=record.run_id,
        run_type=record.run_type.value,
        run_after=record.run_after,
        logical_date=record.logical_date,
        data_interval_start=record.data_interval_start,
        data_interval_end=record.data_interval_end,
        queued_at=record.queued_at,
        started_at=record.started_at,
        conf=record.conf,
        clear_number=record.clear_number,
        triggered_by=record.triggered_by,
        triggering_user=record.triggering_user,
        note=record.note,
        partition_key=key,
        partition_date=None if key is None else partition_date_of(run.graph.spec.schedule, key),
        asset_events=run.asset_events,
    )


def make_run_task(instance: Instance) -> RunTask:
    """Return the workload of a task instance's open attempt."""
    record, node = instance.record, instance.node
    run, spec, graph = node.run, node.task.spec, node.run.graph
    assert record.attempt_id is not None, "only an open attempt can be handed to a worker"
    return RunTask(
        attempt_id=record.attempt_id,
        run=make_run_context(run),
        task_id=record.task_id,
        map_index=record.map_index,
        try_number=record.try_number,
        max_tries=record.max_tries,
        file=graph.spec.file,
        bundle=graph.bundle,
        bundle_version=run.record.bundle_version,
        code_hash=graph.code_hash,
        pool=record.pool,
        queue=record.queue,
        priority=record.priority,
        operator=record.operator,
        execution_timeout_seconds=spec.execution_timeout_seconds,
        isolation=spec.isolation,
        run_as_user=spec.run_as_user,
        first_started_at=record.first_started_at,
        resume=None if record.resume is None else decode_resume(record.resume),
        map_lengths=run.map_lengths.get(node.task.expansion.name, {})
        if node.task.expansion is not None
        else {},
        queued_at=record.queued_at,
    )


def make_task_callback(
    instance: Instance, kind: str, *, attempt_id: str, callback_id: str, error_type: str | None = None
) -> RunCallback:
    """Return the workload that calls a task's callback."""
    record, run = instance.record, instance.node.run
    return RunCallback(
        attempt_id=attempt_id,
        callback_id=callback_id,
        run=make_run_context(run),
        kind=kind,
        task_id=record.task_id,
        map_index=record.map_index,
        try_number=record.try_number,
        max_tries=record.max_tries,
        state=record.state.value,
        reason=record.reason,
        error_type=error_type,
        started_at=record.started_at,
        ended_at=record.ended_at,
        file=run.graph.spec.file,
        bundle=run.graph.bundle,
        bundle_version=run.record.bundle_version,
        code_hash=run.graph.code_hash,
        operator=record.operator,
    )


def make_run_callback(run: Run, kind: str, *, attempt_id: str, callback_id: str) -> RunCallback:
    """Return the workload that calls a run's own callback."""
    record, graph = run.record, run.graph
    return RunCallback(
        attempt_id=attempt_id,
        callback_id=callback_id,
        run=make_run_context(run),
        kind=kind,
        state=record.state.value,
        reason=record.reason,
        started_at=record.started_at,
        ended_at=record.ended_at,
        file=graph.spec.file,
        bundle=graph.bundle,
        bundle_version=run.record.bundle_version,
        code_hash=graph.code_hash,
    )


def decode_resume(data: bytes) -> Resume:
    """Return where a deferred task goes on."""
    return _resume_decoder.decode(data)


def encode_resume(resume: Resume) -> bytes:
    """Return the text that the record keeps."""
    return _resume_encoder.encode(resume)

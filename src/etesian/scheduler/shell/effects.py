"""What a batch of decisions comes to: rows for one transaction, and what is carried out after the commit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from etesian.protocol.reports import ClaimAnswer, Succeeded
from etesian.protocol.workloads import RunCallback, RunTask
from etesian.scheduler.core.decisions import (
    Acknowledge,
    AnswerClaim,
    AskAssetEvents,
    AskPast,
    AskRun,
    CancelTrigger,
    ClearXComs,
    CompleteBackfill,
    ConsumeAssetEvents,
    Decision,
    DeleteTaskInstances,
    Dispatch,
    ForgetCallback,
    ForgetDag,
    ForgetRun,
    PauseDag,
    RecordAssetEvents,
    SaveAttempt,
    SaveCallback,
    SaveNextRun,
    SaveRun,
    SaveTaskInstance,
    StartTrigger,
    StopAttempt,
    StoreReport,
)
from etesian.store.batch import Batch


@dataclass(slots=True)
class Effects:
    """The decisions of one batch, sorted by when they take effect."""

    batch: Batch = field(default_factory=Batch)
    dispatches: dict[str, list[RunTask | RunCallback]] = field(default_factory=dict)  #: by executor
    stops: dict[tuple[str, str], list[str]] = field(default_factory=dict)  #: by executor and reason
    claim_answers: list[ClaimAnswer] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    questions: list[AskPast] = field(default_factory=list)
    inquiries: list[AskAssetEvents | AskRun] = field(default_factory=list)  #: answered after the commit
    writes: int = 0  #: decisions that changed rows

    def add(self, decisions: Iterable[Decision]) -> None:
        """Take decisions, in their order."""
        for decision in decisions:
            self._add(decision)

    def _add(self, decision: Decision) -> None:  # noqa: C901 - a flat match: one line per decision
        batch = self.batch
        self.writes += 1
        match decision:
            case SaveTaskInstance(task_instance=task_instance):
                batch.task_instances[task_instance.key] = task_instance
            case StoreReport():
                self._store_report(decision)
            case SaveAttempt(attempt=attempt):
                batch.attempts.append(attempt)
            case SaveRun(run=run, is_new=is_new):
                batch.runs[run.key] = run
                if is_new:
                    batch.new_runs.add(run.key)
            case ClearXComs(key=key):
                batch.cleared_xcoms.append(key)
                # The batch deletes before it inserts: older values of the same batch go too.
                batch.xcoms = [pushed for pushed in batch.xcoms if pushed[0] != key]
            case DeleteTaskInstances(keys=keys):
                for key in keys:
                    batch.task_instances.pop(key, None)
                batch.deleted_task_instances.extend(keys)
            case SaveNextRun(dag_id=dag_id, point=point):
                batch.next_runs[dag_id] = point
            case PauseDag(dag_id=dag_id, reason=reason):
                batch.paused_dags[dag_id] = reason
            case StartTrigger():
                batch.triggers_started.append(decision)
            case CancelTrigger(trigger_id=trigger_id):
                batch.triggers_cancelled.append(trigger_id)
            case SaveCallback(callback=callback):
                batch.callbacks_saved.append(callback)
            case ForgetCallback(callback_id=callback_id):
                batch.callbacks_forgotten.append(callback_id)
            case RecordAssetEvents():
                batch.asset_events.append(decision)
            case ConsumeAssetEvents(run_key=run_key, event_ids=event_ids):
                batch.consumed_asset_events.append((run_key, event_ids))
            case CompleteBackfill(backfill_id=backfill_id):
                batch.completed_backfills.append(backfill_id)
            case ForgetRun(run_key=run_key):
                batch.forgotten_runs.append(run_key)
            case ForgetDag(dag_id=dag_id):
                batch.forgotten_dags.append(dag_id)
            case _:
                self.writes -= 1
                self._add_action(decision)

    def _add_action(self, decision: Decision) -> None:
        match decision:
            case Dispatch(executor=executor, workload=workload):
                self.dispatches.setdefault(executor, []).append(workload)
            case AnswerClaim(attempt_id=attempt_id, granted=granted, reason=reason):
                self.claim_answers.append(ClaimAnswer(attempt_id=attempt_id, granted=granted, reason=reason))
            case Acknowledge(attempt_id=attempt_id):
                self.acknowledged.append(attempt_id)
            case StopAttempt(executor=executor, attempt_id=attempt_id, reason=reason):
                self.stops.setdefault((executor, reason), []).append(attempt_id)
            case AskPast():
                self.questions.append(decision)
            case AskAssetEvents() | AskRun():
                self.inquiries.append(decision)
            case _:
                raise TypeError(f"a decision that the shell does not know: {type(decision).__name__}")

    def _store_report(self, decision: StoreReport) -> None:
        report, batch = decision.report, self.batch
        if isinstance(report.outcome, Succeeded):
            batch.xcoms.extend((decision.key, value) for value in report.outcome.xcoms)
        if report.rendered_fields is not None:
            batch.rendered_fields.append((decision.key, report.rendered_fields))
        self.acknowledged.append(report.attempt_id)

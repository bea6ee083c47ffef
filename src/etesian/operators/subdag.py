"""DAGs inside DAGs, as Airflow 1 and 2 had them: a task that runs another DAG of the same file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from etesian.lifecycle.state import RunState, TaskState
from etesian.operators.skipping import SkipMixin
from etesian.operators.trigger_dagrun import TriggerDagRunOperator
from etesian.protocol.requests import GetTaskStates, TaskStates
from etesian.sdk.runtime import ask
from etesian.sdk.time.timezone import convert_to_utc

if TYPE_CHECKING:
    from etesian.sdk.context import Context
    from etesian.sdk.dags.dag import DAG

#: of the sensor that this operator was, and of its executor; here it waits without a slot
_WITHOUT_EFFECT = ("executor", "mode", "soft_fail", "timeout", "exponential_backoff", "session")


class SkippedStatePropagationOptions(StrEnum):
    """When skipped tasks at the end of the inner DAG skip what comes after it in the outer one."""

    ALL_LEAVES = "all_leaves"
    ANY_LEAF = "any_leaf"


class SubDagOperator(SkipMixin, TriggerDagRunOperator):
    """Runs ``subdag`` for the run that the task is in, and ends as that run ends.

    The inner DAG keeps its id, tasks and limits. Its own schedule does not count: it runs when the task does, under
    the same run_id, logical date and data interval. Waiting takes no slot. A retry repeats what failed in it; when
    the task of a run that succeeded is cleared, all of it is done again.
    """

    template_fields: Sequence[str] = ()
    ui_color = "#555"
    ui_fgcolor = "#fff"

    def __init__(
        self,
        *,
        subdag: DAG,
        conf: Mapping[str, Any] | None = None,
        propagate_skipped_state: SkippedStatePropagationOptions | str | None = None,
        **kwargs: Any,
    ) -> None:
        for name in _WITHOUT_EFFECT:
            kwargs.pop(name, None)
        super().__init__(
            trigger_dag_id=subdag.dag_id, conf=conf, wait_for_completion=True, deferrable=True, **kwargs
        )
        self.subdag = subdag
        self.propagate_skipped_state = propagate_skipped_state and SkippedStatePropagationOptions(
            propagate_skipped_state
        )

    def execute(self, context: Context) -> None:
        """Run the inner DAG, or go on with its run, and wait for its end.

        Raises:
            TriggeredRunFailedError: it failed.
            RequestRefusedError: the platform did not start it.
        """
        run = context["dag_run"]
        self.trigger_run_id = run.run_id
        self.logical_date = run.logical_date
        if run.data_interval_start is not None and run.data_interval_end is not None:
            self.data_interval = (
                convert_to_utc(run.data_interval_start),
                convert_to_utc(run.data_interval_end),
            )
        self.reset_dag_run = True
        super().execute(context)

    def execute_complete(self, context: Context, event: Any = None) -> None:
        """Go on when the inner run has ended.

        Raises:
            TriggeredRunFailedError: it failed.
            DownstreamTasksSkipped: its last tasks were skipped, and that was to be handed on.
        """
        super().execute_complete(context, event)
        if self.propagate_skipped_state and self._is_skipped(context["dag_run"].run_id):
            self.skip(context["ti"], self.downstream_list)

    def _is_skipped(self, run_id: str) -> bool:
        leaves = tuple(task.task_id for task in self.subdag.leaves)
        request = GetTaskStates(dag_id=self.trigger_dag_id, run_ids=(run_id,), task_ids=leaves)
        skipped = [item.state == TaskState.SKIPPED for item in ask(request, TaskStates).items]
        is_all = self.propagate_skipped_state is SkippedStatePropagationOptions.ALL_LEAVES
        return all(skipped) if is_all else any(skipped)

    def _clear(self, run_id: str, *, only_failed: bool = False) -> None:
        state = self._find_state(run_id)
        if state in (RunState.SUCCESS, RunState.FAILED):
            super()._clear(run_id, only_failed=state == RunState.FAILED)

"""Running operators that defer, and triggers, in one process."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest import mock


def run_trigger(trigger: Any) -> list[Any]:
    """Run a trigger to its end; return its events."""

    async def collect() -> list[Any]:
        return [event async for event in trigger.run()]

    return asyncio.run(collect())


def mock_context(task: Any) -> dict[str, Any]:
    """Return a context whose task instance remembers what is pushed."""
    pushed: dict[tuple[str, str], Any] = {}
    instance = mock.MagicMock()
    instance.task_id = task.task_id

    def xcom_push(key: str, value: Any, **options: Any) -> None:
        pushed[task.task_id, key] = value

    def xcom_pull(
        task_ids: str | None = None, key: str = "return_value", default: Any = None, **options: Any
    ) -> Any:
        return pushed.get((task_ids or task.task_id, key), default)

    instance.xcom_push.side_effect = xcom_push
    instance.xcom_pull.side_effect = xcom_pull
    return {"task": task, "ti": instance, "task_instance": instance}


def execute_operator(operator: Any) -> tuple[Any, list[Any]]:
    """Execute an operator, resuming it with the first event of each trigger; return its result and those events."""
    from airflow.sdk.exceptions import TaskDeferred  # late: which airflow it is has to be settled before

    context = mock_context(operator)
    method = operator.execute
    options: dict[str, Any] = {}
    events: list[Any] = []
    while True:
        try:
            return method(context=context, **options), events
        except TaskDeferred as deferred:
            event = run_trigger(deferred.trigger)[0]
            events.append(event)
            method = getattr(operator, deferred.method_name)
            options = {**(deferred.kwargs or {}), "event": event.payload}

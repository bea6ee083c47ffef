"""Why a task does not run: the conditions that the scheduler itself waits for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec
from fastapi import APIRouter, Request, Response

from etesian.api.answer import answer, gives
from etesian.api.context import Context
from etesian.lifecycle.records import TaskKey
from etesian.store.queries.task_instances import load_task_instance

router = APIRouter(tags=["Etesian"])


class Blocker(Protocol):
    """One unmet condition, as the scheduler's rules give it."""

    @property
    def kind(self) -> str:
        """What it is about."""

    @property
    def text(self) -> str:
        """A sentence for people."""


class BlockerResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One unmet condition."""

    kind: str
    message: str


class WhyResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What one task instance waits for."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    state: str
    blockers: Sequence[BlockerResponse]


#: Asks the scheduler's rules. Given by the composition root: the API does not know the scheduler.
Explain = Callable[[TaskKey], Sequence[Blocker]]


@router.get("/why", **gives(WhyResponse))
def get_why(
    request: Request, context: Context, dag_id: str, run_id: str, task_id: str, map_index: int = -1
) -> Response:
    """Say what a task instance waits for, in words."""
    explain: Explain = request.app.state.explain
    key = TaskKey(dag_id, run_id, task_id, map_index)
    with context.store.read() as connection:
        instance = load_task_instance(connection, key)
    blockers = explain(key)
    return answer(
        WhyResponse(
            dag_id=dag_id,
            run_id=run_id,
            task_id=task_id,
            map_index=map_index,
            state=instance.state,
            blockers=[BlockerResponse(kind=item.kind, message=item.text) for item in blockers],
        )
    )

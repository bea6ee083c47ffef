"""Requests and answers about what tasks ask people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec

from etesian.store.questions import OpenQuestion


class QuestionResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What a task asks. Times are when it began to ask and when it goes on without an answer."""

    dag_id: str
    dag_run_id: str
    task_id: str
    map_index: int
    subject: str
    body: str | None
    options: Sequence[str]
    defaults: Sequence[str] | None
    multiple: bool
    params: dict[str, Any]  # Any: JSON
    assigned_users: Sequence[Any]
    created_at: datetime | None
    response_deadline: datetime | None
    response_received: bool = False


class QuestionCollectionResponse(msgspec.Struct, frozen=True, kw_only=True):
    """All that the tasks of a run ask now."""

    hitl_details: Sequence[QuestionResponse]
    total_entries: int


class AnswerBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person's answer."""

    chosen_options: Annotated[Sequence[str], msgspec.Meta(min_length=1, max_length=1000)]
    params_input: dict[str, Any] = {}  # Any: JSON


class AnswerResponse(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that was taken."""

    chosen_options: Sequence[str]
    params_input: dict[str, Any]  # Any: JSON
    responded_at: datetime
    responded_by: str | None


def question_response(asked: OpenQuestion) -> QuestionResponse:
    """Return the answer for one question."""
    instance, question = asked.task_instance, asked.question
    return QuestionResponse(
        dag_id=instance.dag_id,
        dag_run_id=instance.run_id,
        task_id=instance.task_id,
        map_index=instance.map_index,
        subject=question.subject,
        body=question.body,
        options=question.options,
        defaults=question.defaults,
        multiple=question.multiple,
        params=question.params,
        assigned_users=question.assigned_users,
        created_at=asked.asked_at,
        response_deadline=asked.until,
    )

"""What tasks ask people, and whether an answer fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from etesian.lifecycle.records import RunKey, TaskInstanceRecord, TaskKey
from etesian.lifecycle.state import TaskState
from etesian.protocol.commands import AnswerInput
from etesian.protocol.workloads import Resume
from etesian.store.errors import StoreError
from etesian.store.queries.page import Paging
from etesian.store.queries.task_instances import (
    TaskInstanceFilter,
    find_task_instances,
    load_task_instance,
)

_resumes = msgspec.json.Decoder(Resume)
#: Questions of one run that are listed.
MAX_QUESTIONS = 1000


class NothingAskedError(StoreError):
    """The task does not wait for an answer."""

    def __init__(self, key: TaskKey, state: TaskState) -> None:
        super().__init__(f"task {str(key)!r} asks nothing: it is {state}, not {TaskState.AWAITING_INPUT}")
        self.key = key


class AnswerRefusedError(StoreError):
    """The answer does not fit the question, or is not for that person to give."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What a task asks."""

    subject: str
    body: str | None = None
    options: tuple[str, ...] = ()
    defaults: tuple[str, ...] | None = None
    multiple: bool = False
    params: dict[str, Any] = {}  # Any: JSON
    assigned_users: tuple[Any, ...] = ()  #: names, or objects with an ``id`` or ``name``; empty: anybody


class OpenQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A question, who asks, and until when."""

    task_instance: TaskInstanceRecord
    question: Question

    @property
    def asked_at(self) -> datetime | None:
        """When the task began to ask."""
        return self.task_instance.started_at

    @property
    def until(self) -> datetime | None:
        """When the task goes on without an answer; None: never."""
        return self.task_instance.wake_at


def load_question(connection: Connection, key: TaskKey) -> OpenQuestion:
    """Return what a task asks.

    Raises:
        UnknownTaskInstanceError: there is no such task instance.
        NothingAskedError: it does not wait for an answer.
    """
    instance = load_task_instance(connection, key)
    found = _question_of(instance)
    if found is None:
        raise NothingAskedError(key, instance.state)
    return found


def list_questions(connection: Connection, run_key: RunKey) -> list[OpenQuestion]:
    """Return all that the tasks of a run ask now."""
    wanted = TaskInstanceFilter(
        dag_ids=[run_key.dag_id], run_ids=[run_key.run_id], states=[TaskState.AWAITING_INPUT]
    )
    waiting = find_task_instances(connection, wanted, Paging(limit=MAX_QUESTIONS))
    return [found for instance in waiting if (found := _question_of(instance)) is not None]


def make_answer(
    asked: OpenQuestion, chosen: Sequence[str], params: Mapping[str, object], *, user: str | None
) -> AnswerInput:
    """Return the command that gives an answer.

    Raises:
        AnswerRefusedError: it does not fit the question, or ``user`` is not among those who are asked.
    """
    question, key = asked.question, asked.task_instance.key
    named = _names_of(question.assigned_users)
    if named and user not in named:
        raise AnswerRefusedError(f"task {str(key)!r} asks {', '.join(sorted(named))}, not {user or 'nobody'}")
    strangers = [option for option in chosen if option not in question.options]
    if strangers or not chosen:
        given = ", ".join(map(repr, strangers)) or "nothing"
        raise AnswerRefusedError(f"{given} was chosen; possible: {', '.join(question.options)}")
    if len(chosen) > 1 and not question.multiple:
        raise AnswerRefusedError(f"choose one of {', '.join(question.options)}, not {len(chosen)}")
    unknown = sorted(params.keys() - question.params.keys())
    if unknown:
        raise AnswerRefusedError(
            f"{', '.join(unknown)} is not asked for; possible: {', '.join(question.params) or 'nothing'}"
        )
    return AnswerInput(
        dag_id=key.dag_id,
        run_id=key.run_id,
        task_id=key.task_id,
        map_index=key.map_index,
        chosen=tuple(chosen),
        # A task wants all values or none.
        params={**_defaults_of(question), **params} if params else {},
        user=user,
    )


def _question_of(instance: TaskInstanceRecord) -> OpenQuestion | None:
    if instance.state is not TaskState.AWAITING_INPUT or instance.resume is None:
        return None
    question = _resumes.decode(instance.resume).question
    if question is None:
        return None
    return OpenQuestion(task_instance=instance, question=msgspec.json.decode(question, type=Question))


def _defaults_of(question: Question) -> dict[str, object]:
    return {
        name: param.get("value") if isinstance(param, dict) else param
        for name, param in question.params.items()
    }


def _names_of(users: Sequence[Any]) -> set[str]:
    found: set[str] = set()
    for user in users:
        parts = (user.get("id"), user.get("name")) if isinstance(user, dict) else (user,)
        found |= {str(part) for part in parts if part is not None}
    return found

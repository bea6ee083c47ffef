"""Questions that tasks ask people, and the answers."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Response

from etesian.api.answer import answer, gives, takes
from etesian.api.body import body_of
from etesian.api.context import ACCEPTED, CALLER, Context
from etesian.api.shapes.question import (
    AnswerBody,
    AnswerResponse,
    QuestionCollectionResponse,
    QuestionResponse,
    question_response,
)
from etesian.lifecycle.records import RunKey, TaskKey
from etesian.store.queries.runs import load_run
from etesian.store.questions import list_questions, load_question, make_answer

router = APIRouter(tags=["Task Instance HITL"])

_OF_RUN: Final = "/dags/{dag_id}/dagRuns/{run_id}/hitlDetails"
_OF_TASK: Final = "/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/{map_index}/hitlDetails"


@router.get(_OF_RUN, **gives(QuestionCollectionResponse))
def list_of_run(context: Context, dag_id: str, run_id: str) -> Response:
    """List what the tasks of a run ask now."""
    key = RunKey(dag_id, run_id)
    with context.store.read() as connection:
        load_run(connection, key)
        found = [question_response(asked) for asked in list_questions(connection, key)]
    return answer(QuestionCollectionResponse(hitl_details=found, total_entries=len(found)))


@router.get(_OF_TASK, **gives(QuestionResponse))
def get(context: Context, dag_id: str, run_id: str, task_id: str, map_index: int) -> Response:
    """Return what one task asks; ``map_index`` is -1 for a task that is not mapped."""
    with context.store.read() as connection:
        asked = load_question(connection, TaskKey(dag_id, run_id, task_id, map_index))
    return answer(question_response(asked))


@router.patch(_OF_TASK, **gives(AnswerResponse), openapi_extra=takes(AnswerBody))
def give_answer(
    context: Context,
    dag_id: str,
    run_id: str,
    task_id: str,
    map_index: int,
    body: Annotated[AnswerBody, Depends(body_of(AnswerBody))],
) -> Response:
    """Answer a task's question; the first answer counts. 202: the scheduler will take it later."""
    with context.store.read() as connection:
        asked = load_question(connection, TaskKey(dag_id, run_id, task_id, map_index))
    command = make_answer(asked, body.chosen_options, body.params_input, user=CALLER.user)
    is_done = context.steer(command)
    given = AnswerResponse(
        chosen_options=command.chosen,
        params_input=command.params,
        responded_at=context.clock.now(),
        responded_by=command.user,
    )
    return answer(given, status=200 if is_done else ACCEPTED)

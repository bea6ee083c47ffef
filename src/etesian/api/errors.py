"""How an error becomes an HTTP status. The body is always ``{"detail": ...}``, as in Airflow's API."""

from __future__ import annotations

import logging
from typing import Final

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from etesian.api.answer import answer
from etesian.foundation.errors import EtesianError
from etesian.foundation.ids import InvalidKeyError
from etesian.store.backfill_requests import BackfillRefusedError
from etesian.store.errors import RunExistsError, StoreUnavailableError, UnknownDagError, UnknownRunError
from etesian.store.queries.backfills import BackfillOverError, UnknownBackfillError
from etesian.store.queries.page import InvalidOrderError
from etesian.store.queries.pools import InvalidPoolError, UnknownPoolError
from etesian.store.queries.task_instances import UnknownTaskInstanceError
from etesian.store.queries.variables import InvalidVariableError
from etesian.store.queries.versions import UnknownVersionError
from etesian.store.questions import AnswerRefusedError, NothingAskedError
from etesian.store.run_requests import RunRefusedError

logger = logging.getLogger(__name__)

#: The first class that an error belongs to gives its status.
_STATUS: Final[tuple[tuple[type[EtesianError], int], ...]] = (
    (UnknownDagError, 404),
    (UnknownRunError, 404),
    (UnknownPoolError, 404),
    (UnknownTaskInstanceError, 404),
    (UnknownVersionError, 404),
    (UnknownBackfillError, 404),
    (RunExistsError, 409),
    (BackfillOverError, 409),
    (NothingAskedError, 409),
    (AnswerRefusedError, 400),
    (BackfillRefusedError, 400),
    (RunRefusedError, 400),
    (InvalidOrderError, 400),
    (InvalidPoolError, 400),
    (InvalidVariableError, 400),
    (InvalidKeyError, 400),
    (StoreUnavailableError, 503),
)


class ApiError(EtesianError):
    """A request that cannot be served, with the status that says why."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class NotFoundError(ApiError):
    """The path names something that does not exist."""

    def __init__(self, what: str) -> None:
        super().__init__(404, f"{what} was not found")


class Problem(msgspec.Struct, frozen=True):
    """The body of every answer that is an error."""

    detail: object


class FieldProblem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one part of a request."""

    loc: tuple[str | int, ...]
    msg: str
    type: str


def install_error_handlers(app: FastAPI) -> None:
    """Make every error of a route one JSON body without a traceback."""
    app.add_exception_handler(EtesianError, _answer_our_error)
    app.add_exception_handler(HTTPException, _answer_http_error)
    app.add_exception_handler(RequestValidationError, _answer_bad_request)
    app.add_exception_handler(Exception, _answer_fault)


def _answer_our_error(request: Request, error: Exception) -> Response:
    if isinstance(error, ApiError):
        return answer(Problem(str(error)), status=error.status)
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    if status >= 500:
        logger.error("%s %s: %s", request.method, request.url.path, error)
    return answer(Problem(str(error)), status=status)


def _answer_http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # registered for it
    return answer(Problem(error.detail), status=error.status_code, headers=error.headers)


def _answer_bad_request(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # registered for it
    problems = [
        FieldProblem(loc=tuple(problem["loc"]), msg=problem["msg"], type=problem["type"])
        for problem in error.errors()
    ]
    return answer(Problem(problems), status=422)


def _answer_fault(request: Request, error: Exception) -> Response:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return answer(Problem("internal error; the log of the API says more"), status=500)

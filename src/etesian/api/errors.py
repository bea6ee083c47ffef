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
from etesian.store.refusals import Refusal, refusal_of

logger = logging.getLogger(__name__)

_STATUS: Final = {
    Refusal.UNKNOWN: 404,
    Refusal.CONFLICT: 409,
    Refusal.INVALID: 400,
    Refusal.UNAVAILABLE: 503,
    None: 500,
}


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
    status = _STATUS[refusal_of(error)]
    if status >= 500:
        logger.error("%s %s: %s", request.method, request.url.path, error)
    return answer(Problem(str(error)), status=status)


def _answer_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # registered for it
    detail = error.detail
    if error.status_code == 405:
        detail = f"{request.method} is not possible here; possible: {(error.headers or {}).get('Allow', 'nothing')}"
    elif error.status_code == 404:
        detail = f"there is nothing at {request.url.path!r}"
    return answer(Problem(detail), status=error.status_code, headers=error.headers)


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

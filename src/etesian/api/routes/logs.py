"""The logs of attempts: as JSON, as a stream of JSON lines, or as plain text, by the `Accept` header."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Header, Query, Response
from starlette.responses import StreamingResponse

from etesian.api.answer import answer, gives
from etesian.api.context import Context
from etesian.api.errors import ApiError
from etesian.api.shapes.task_instance import LogMessage, LogResponse
from etesian.lifecycle.records import TaskKey
from etesian.store.queries.task_instances import load_task_instance
from etesian.telemetry.task_logs import LogLine, iterate_log, log_path, read_log

router = APIRouter(tags=["Task Instance"])

_PATH: Final = "/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{try_number}"
_NDJSON: Final = "application/x-ndjson"
_TEXT: Final = "text/plain"
_encoder: Final = msgspec.json.Encoder()


@router.get(_PATH, **gives(LogResponse))
def get_log(
    context: Context,
    dag_id: str,
    run_id: str,
    task_id: str,
    try_number: int,
    map_index: int = -1,
    full_content: bool = False,
    token: Annotated[str | None, Query(max_length=40)] = None,
    accept: Annotated[str, Header()] = "application/json",
) -> Response:
    """Return an attempt's log, or the piece of it that follows the one ``token`` came with."""
    key = TaskKey(dag_id, run_id, task_id, map_index)
    with context.store.read() as connection:
        instance = load_task_instance(connection, key)
    if not 1 <= try_number <= instance.try_number:
        raise ApiError(404, f"task {str(key)!r} has no try {try_number}; it has had {instance.try_number}")
    path = log_path(context.settings.logging.folder, dag_id, run_id, task_id, map_index, try_number)
    if _NDJSON in accept:
        return StreamingResponse(_json_lines(path), media_type=_NDJSON)
    if _TEXT in accept and "json" not in accept:
        return StreamingResponse(_text_lines(path), media_type=f"{_TEXT}; charset=utf-8")
    if full_content:
        return answer(
            LogResponse(content=[_message(line) for line in iterate_log(path)], continuation_token=None)
        )
    page = read_log(path, _offset(token))
    messages = [_message(line) for line in page.lines]
    return answer(LogResponse(content=messages, continuation_token=str(page.next_offset)))


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    if not token.isdecimal():
        raise ApiError(400, f"token {token!r} did not come from this log; leave it out to begin anew")
    return int(token)


def _json_lines(path: Path) -> Iterator[bytes]:
    for line in iterate_log(path):
        yield _encoder.encode(_message(line)) + b"\n"


def _text_lines(path: Path) -> Iterator[str]:
    for line in iterate_log(path):
        detail = f"\n{line.e}" if line.e else ""
        yield f"{line.t} {line.l} {line.m}{detail}\n"


def _message(line: LogLine) -> LogMessage:
    return LogMessage(
        timestamp=line.t or None, event=line.m, level=line.l, logger=line.s or None, error_detail=line.e
    )

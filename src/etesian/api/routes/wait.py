"""Waiting for a run's end, and for what it came to: a DAG called like a function."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from etesian.api.change_feed import ChangeFeed
from etesian.api.context import Context
from etesian.api.errors import ApiError
from etesian.api.routes.events import MAX_WATCHERS
from etesian.lifecycle.records import DagRunRecord, RunKey
from etesian.protocol.requests import GetXCom
from etesian.store import Store
from etesian.store.queries.runs import load_run
from etesian.store.queries.versions import UnknownVersionError, load_spec
from etesian.store.queries.xcoms import find_xcoms

router = APIRouter(tags=["DagRun"])

MAX_RESULTS = 100


class WaitLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the answer: the run's state, and with the last line what its tasks returned."""

    state: str
    results: dict[str, msgspec.Raw] | None = None


@router.get("/dags/{dag_id}/dagRuns/{run_id}/wait", response_class=StreamingResponse)
async def wait_for_run(
    request: Request,
    context: Context,
    dag_id: str,
    run_id: str,
    interval: Annotated[float, Query(gt=0, le=3600)] = 5.0,
    result: Annotated[list[str] | None, Query(max_length=MAX_RESULTS)] = None,
) -> Response:
    """Send a line of JSON with the run's state every ``interval`` seconds, and one at once when it has ended.

    The last line has what the tasks named by ``result`` returned; without any, what the DAG's result is.
    """
    feed: ChangeFeed = request.app.state.feed
    if feed.watcher_count >= MAX_WATCHERS:
        raise ApiError(503, f"{MAX_WATCHERS} clients watch already; try again later")
    key = RunKey(dag_id, run_id)
    await run_in_threadpool(_load, context.store, key)  # to answer 404 before the stream begins
    lines = _lines(feed, context.store, key, interval, tuple(result or ()))
    return StreamingResponse(lines, media_type="application/x-ndjson", headers={"X-Accel-Buffering": "no"})


async def _lines(
    feed: ChangeFeed, store: Store, key: RunKey, interval: float, task_ids: Sequence[str]
) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    async with feed.subscribed() as subscription:
        while True:
            run = await run_in_threadpool(_load, store, key)
            if run.state.is_final:
                results = await run_in_threadpool(_load_results, store, run, task_ids)
                yield _line(WaitLine(state=run.state, results=results))
                return
            yield _line(WaitLine(state=run.state))
            until = loop.time() + interval
            while (left := until - loop.time()) > 0:
                try:
                    event = await asyncio.wait_for(subscription.get(), left)
                except TimeoutError:
                    break
                if event is None:
                    return  # the API stops
                if (await run_in_threadpool(_load, store, key)).state.is_final:
                    break


def _line(line: WaitLine) -> bytes:
    return msgspec.json.encode(line) + b"\n"


def _load(store: Store, key: RunKey) -> DagRunRecord:
    with store.read() as connection:
        return load_run(connection, key)


def _load_results(store: Store, run: DagRunRecord, task_ids: Sequence[str]) -> dict[str, msgspec.Raw] | None:
    """Return what tasks returned, of mapped tasks a list; a task that returned nothing is left out."""
    with store.read() as connection:
        if not task_ids:
            try:
                spec = load_spec(connection, run.dag_id, run.version_hash).spec
            except UnknownVersionError:
                return None
            task_ids = [task.task_id for task in spec.tasks if task.returns_dag_result]
        if not task_ids:
            return None
        found = find_xcoms(
            connection, GetXCom(dag_id=run.dag_id, run_id=run.run_id, task_ids=tuple(task_ids))
        )
    values: dict[str, Any] = {}  # Any: one value, or those of a mapped task
    for item in found:
        if item.map_index < 0:
            values[item.task_id] = msgspec.Raw(item.value)
        else:
            values.setdefault(item.task_id, []).append(msgspec.Raw(item.value))
    return {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in values.items()}

"""The application: routes, errors, guard and the change feed, put together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from starlette.routing import BaseRoute

from etesian.api.answer import describe_api
from etesian.api.change_feed import ChangeFeed
from etesian.api.context import ApiContext
from etesian.api.errors import install_error_handlers
from etesian.api.exposure import check_exposure
from etesian.api.guard import Guard
from etesian.api.routes import (
    assets,
    backfills,
    connections,
    dag_runs,
    dag_versions,
    dags,
    event_logs,
    events,
    import_errors,
    logs,
    mark,
    monitor,
    parse_requests,
    pools,
    questions,
    status_page,
    steer,
    task_instances,
    variables,
    wait,
    why,
    xcoms,
)
from etesian.api.routes.why import Explain
from etesian.config import Settings
from etesian.foundation.clock import Clock, SystemClock
from etesian.store import Store
from etesian.store.bus import Bus

#: Airflow's stable REST API.
V2_PREFIX: Final = "/api/v2"
#: What is Etesian's own.
V1_PREFIX: Final = "/api/etesian/v1"

_V2_ROUTERS: Final = (
    monitor.router,
    dags.router,
    dag_versions.router,
    dag_runs.router,
    wait.router,
    mark.router,
    steer.router,
    questions.router,
    backfills.router,
    assets.router,
    logs.router,
    xcoms.router,
    task_instances.router,  # after those whose paths it would take: `{task_id}/{map_index}` fits much
    event_logs.router,
    import_errors.router,
    parse_requests.router,
    pools.router,
    variables.router,
    connections.router,
)
_V1_ROUTERS: Final = (status_page.router, events.router, why.router)
_MEGABYTE: Final = 1024 * 1024


def create_app(
    settings: Settings,
    store: Store,
    bus: Bus,
    *,
    explain: Explain,
    pages: Sequence[BaseRoute] = (),
    bundles: Mapping[str, Path] | None = None,
    clock: Clock | None = None,
) -> FastAPI:
    """Return the application that serves the REST API, and ``pages`` beside it.

    ``explain`` answers what a task waits for. ``bundles`` are the folders of DAG files beside the one of the
    settings.

    Raises:
        SettingsError: the settings would let everybody in.
    """
    check_exposure(settings)
    clock = clock or SystemClock()
    app = FastAPI(
        title="Etesian",
        version=version("etesian"),
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
    )
    folders = {"dags": settings.core.dags_folder, **(bundles or {})}
    app.state.context = ApiContext(settings=settings, store=store, bus=bus, clock=clock, bundles=folders)
    app.state.explain = explain
    app.state.feed = ChangeFeed(store, bus, clock)
    app.openapi = lambda: describe_api(app)  # type: ignore[method-assign]  # FastAPI's documented way
    install_error_handlers(app)
    for prefix, routers in ((V2_PREFIX, _V2_ROUTERS), (V1_PREFIX, _V1_ROUTERS)):
        for router in routers:
            app.include_router(router, prefix=prefix)
    app.router.routes.extend(pages)
    app.add_middleware(Guard, max_body_bytes=settings.api.max_body_mb * _MEGABYTE)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    feed: ChangeFeed = app.state.feed
    task = asyncio.create_task(feed.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

"""Health and version."""

from __future__ import annotations

import logging
from datetime import datetime
from importlib.metadata import version

from fastapi import APIRouter, Response

from etesian.api.answer import answer, gives
from etesian.api.context import ApiContext, Context
from etesian.api.shapes.monitor import (
    DagProcessorHealth,
    DatabaseHealth,
    HealthResponse,
    SchedulerHealth,
    TriggererHealth,
    VersionResponse,
)
from etesian.store import StoreError
from etesian.store.queries.heartbeats import FRESH_FOR, load_newest_beats
from etesian.store.queries.leader import load_lease

logger = logging.getLogger(__name__)
router = APIRouter(tags=["Monitor"])


@router.get("/monitor/health", **gives(HealthResponse))
def get_health(context: Context) -> Response:
    """Say which parts of the platform are alive. Always 200: the answer is the statuses."""
    try:
        return answer(_look(context, context.clock.now()))
    except StoreError as error:
        logger.error("the health check found no database: %s", error)
        return answer(
            HealthResponse(
                metadatabase=DatabaseHealth(status="unhealthy"),
                scheduler=SchedulerHealth(status="unhealthy", latest_scheduler_heartbeat=None),
                triggerer=TriggererHealth(status=None, latest_triggerer_heartbeat=None),
                dag_processor=DagProcessorHealth(status="unhealthy", latest_dag_processor_heartbeat=None),
            )
        )


@router.get("/version", **gives(VersionResponse))
def get_version() -> Response:
    """Say which release this is."""
    return answer(VersionResponse(version=version("etesian"), git_version=None))


def _look(context: ApiContext, now: datetime) -> HealthResponse:
    with context.store.read() as connection:
        lease = load_lease(connection)
        beats = load_newest_beats(connection)
    leads = lease is not None and bool(lease.holder) and lease.expires_at > now
    triggerer, parser = beats.get("triggerer"), beats.get("parser")
    return HealthResponse(
        metadatabase=DatabaseHealth(status="healthy"),
        scheduler=SchedulerHealth(
            status=_status(leads), latest_scheduler_heartbeat=lease.renewed_at if lease else None
        ),
        triggerer=TriggererHealth(
            status=None if triggerer is None else _status(_is_fresh(triggerer, now)),
            latest_triggerer_heartbeat=triggerer,
        ),
        dag_processor=DagProcessorHealth(
            status=_status(_is_fresh(parser, now)), latest_dag_processor_heartbeat=parser
        ),
    )


def _is_fresh(beat: datetime | None, now: datetime) -> bool:
    return beat is not None and now - beat < FRESH_FOR


def _status(is_healthy: bool) -> str:
    return "healthy" if is_healthy else "unhealthy"

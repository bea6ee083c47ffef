"""Assets and their events; events from outside are posted here."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Response

from etesian.api.answer import answer, gives, takes
from etesian.api.body import body_of
from etesian.api.context import ACCEPTED, Context
from etesian.api.errors import NotFoundError
from etesian.api.moments import Moment
from etesian.api.paging import PagingQuery
from etesian.api.shapes.asset import (
    AssetCollectionResponse,
    AssetEventBody,
    AssetEventCollectionResponse,
    AssetResponse,
    asset_event_response,
    asset_response,
)
from etesian.protocol.commands import AssetsChanged
from etesian.protocol.reports import AssetEventReport
from etesian.store.queries.assets import AssetEventFilter, find_events, list_assets, list_events, load_asset
from etesian.store.queries.page import Paging

router = APIRouter(tags=["Asset"])

_NEWEST: Final = Paging(limit=1, order_by=("-id",))


@router.get("/assets", **gives(AssetCollectionResponse))
def list_all(
    context: Context,
    paging: PagingQuery,
    name_pattern: Annotated[str | None, Query(max_length=1000)] = None,
    uri_pattern: Annotated[str | None, Query(max_length=1000)] = None,
    dag_ids: Annotated[list[str] | None, Query(max_length=100)] = None,
) -> Response:
    """List assets and who uses them."""
    with context.store.read() as connection:
        page = list_assets(
            connection, paging, name_pattern=name_pattern, uri_pattern=uri_pattern, dag_ids=dag_ids or ()
        )
    found = [asset_response(asset) for asset in page.items]
    return answer(AssetCollectionResponse(assets=found, total_entries=page.total))


@router.get("/assets/events", **gives(AssetEventCollectionResponse))
def list_all_events(
    context: Context,
    paging: PagingQuery,
    asset_id: int | None = None,
    source_dag_id: Annotated[str | None, Query(max_length=250)] = None,
    source_task_id: Annotated[str | None, Query(max_length=250)] = None,
    source_run_id: Annotated[str | None, Query(max_length=250)] = None,
    source_map_index: int | None = None,
    timestamp_gte: Moment | None = None,
    timestamp_lte: Moment | None = None,
) -> Response:
    """List events, the oldest first unless ordered otherwise, with the runs that they caused."""
    wanted = AssetEventFilter(
        asset_id=asset_id,
        source_dag_id=source_dag_id,
        source_task_id=source_task_id,
        source_run_id=source_run_id,
        source_map_index=source_map_index,
        since=timestamp_gte,
        until=timestamp_lte,
    )
    with context.store.read() as connection:
        page = list_events(connection, wanted, paging)
    found = [asset_event_response(event) for event in page.items]
    return answer(AssetEventCollectionResponse(asset_events=found, total_entries=page.total))


@router.post("/assets/events", **gives(AssetEventCollectionResponse), openapi_extra=takes(AssetEventBody))
def post_event(
    context: Context, body: Annotated[AssetEventBody, Depends(body_of(AssetEventBody))]
) -> Response:
    """Say that an asset was updated, and answer its newest event. 202: the scheduler will store it later."""
    with context.store.read() as connection:
        asset = load_asset(connection, body.asset_id)
    if asset is None:
        raise NotFoundError(f"asset {body.asset_id}")
    report = AssetEventReport(name=asset.name, uri=asset.uri, extra={**body.extra, "from_rest_api": True})
    is_done = context.steer(AssetsChanged(events=(report,), source="api"))
    with context.store.read() as connection:
        events = find_events(connection, AssetEventFilter(asset_id=asset.id), _NEWEST) if is_done else []
    newest = [asset_event_response(event) for event in events]
    shown = AssetEventCollectionResponse(asset_events=newest, total_entries=len(newest))
    return answer(shown, status=200 if is_done else ACCEPTED)


@router.get("/assets/{asset_id}", **gives(AssetResponse))
def get(context: Context, asset_id: int) -> Response:
    """Return one asset."""
    with context.store.read() as connection:
        asset = load_asset(connection, asset_id)
    if asset is None:
        raise NotFoundError(f"asset {asset_id}")
    return answer(asset_response(asset))

"""Answering what the core asks about rows that its last batch has changed: asset events, and finished runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from etesian.lifecycle.records import RunKey
from etesian.scheduler.core.decisions import AskAssetEvents, AskRun
from etesian.scheduler.core.events import AssetEventsKnown, Event, RunGone
from etesian.scheduler.shell import loading
from etesian.store import Store
from etesian.store.errors import UnknownRunError


def look_up(store: Store, inquiries: Sequence[AskAssetEvents | AskRun]) -> Iterator[Event]:
    """Yield the answers, one for each DAG or run, however often it was asked for."""
    dag_ids = {
        dag_id: None for each in inquiries if isinstance(each, AskAssetEvents) for dag_id in each.dag_ids
    }
    run_keys = {each.run_key: None for each in inquiries if isinstance(each, AskRun)}
    yield from (_find_asset_events(store, dag_id) for dag_id in dag_ids)
    yield from (_find_run(store, key) for key in run_keys)


def _find_asset_events(store: Store, dag_id: str) -> AssetEventsKnown:
    with store.read() as connection:
        return loading.load_asset_events(connection, dag_id)


def _find_run(store: Store, key: RunKey) -> Event:
    try:
        with store.read() as connection:
            return loading.load_run(connection, key)
    except UnknownRunError:
        return RunGone(run_key=key)

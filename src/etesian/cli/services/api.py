"""The API service: REST and the status page."""

from __future__ import annotations

import socket

from etesian.api.app import create_app
from etesian.api.server import serve
from etesian.cli.services import wiring
from etesian.cli.services.api_socket import bind_api_socket
from etesian.cli.services.explain import make_explainer
from etesian.cli.services.folders import bundle_folders
from etesian.config.settings import Settings
from etesian.store import Store
from etesian.store.bus import open_bus
from etesian.ui.pages import page_routes


def run(settings: Settings, store: Store | None = None, listener: socket.socket | None = None) -> None:
    """Serve until SIGTERM or SIGINT. ``store`` and ``listener``: those that are open already."""
    wiring.start_logging(settings, "api")
    store = store or wiring.open_platform_store(settings)
    bus = open_bus(store)
    try:
        app = create_app(
            settings,
            store,
            bus,
            explain=make_explainer(settings, store),
            pages=page_routes(),
            bundles=bundle_folders(settings),
        )
        serve(app, listener or bind_api_socket(settings))
    finally:
        bus.close()
        store.dispose()

"""``etesian standalone``: the whole platform on one machine, with one command."""

from __future__ import annotations

import gc
import socket
from collections.abc import Callable

from etesian.api.exposure import check_exposure
from etesian.cli.services.api_socket import bind_api_socket
from etesian.cli.services.executor_choice import check_executor
from etesian.cli.services.home_lock import HomeLock
from etesian.cli.services.spawn import spawn_service
from etesian.cli.services.supervisor import Service, Supervisor, fork_service
from etesian.config.settings import Settings
from etesian.foundation.clock import SystemClock
from etesian.foundation.process import set_process_name


def run_standalone(settings: Settings) -> None:
    """Run all services until Ctrl-C or SIGTERM.

    Raises:
        SettingsError: the settings would let everybody in, or name an executor that does not exist.
        HomeInUseError: another one runs on this home.
        EtesianError: the port is taken, the home or the database cannot be used.
    """
    set_process_name("etesian standalone")
    check_exposure(settings)
    check_executor(settings)
    lock = HomeLock(settings.home)
    listener = bind_api_socket(settings)
    # The worker must stay free of the database's and the API's modules, so it is a fresh interpreter.
    # It starts first and gets ready while this process imports what the other services share.
    start_worker = spawn_service(settings, "worker")
    worker_start = _started_ahead(start_worker)

    # Imported here, once, after the worker was started: the services below are forks that share this memory.
    from etesian.cli.services import api, parser, scheduler, triggerer, wiring

    store = wiring.prepare_home(settings)
    gc.collect()
    gc.freeze()
    services = [
        Service(
            name="worker", start=worker_start, stop_timeout_seconds=settings.worker.stop_grace_seconds + 10
        ),
        Service(name="scheduler", start=fork_service("scheduler", lambda: scheduler.run(settings, store))),
        Service(name="api", start=fork_service("api", lambda: api.run(settings, store, listener))),
        Service(name="parser", start=fork_service("parser", lambda: parser.run(settings, store))),
        Service(name="triggerer", start=fork_service("triggerer", lambda: triggerer.run(settings, store))),
    ]
    # Stopped from the last to the first: the scheduler outlives the worker, to store its last results.
    order = [services[1], services[0], *services[2:]]
    try:
        Supervisor(order, SystemClock()).run(on_started=lambda: _announce(settings, listener))
    finally:
        lock.release()


def _started_ahead(start: Callable[[], int]) -> Callable[[], int]:
    """Start now; the first call of the result gives that pid, later calls start again."""
    waiting = [start()]
    return lambda: waiting.pop() if waiting else start()


def _announce(settings: Settings, listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    print(f"Etesian is up: http://{shown}:{port}", flush=True)  # noqa: T201 - what the command is run for
    print(f"  home {settings.home}   dags {settings.core.dags_folder}   stop with Ctrl-C", flush=True)  # noqa: T201

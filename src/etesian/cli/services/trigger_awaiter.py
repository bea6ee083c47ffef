"""The process that awaits triggers: it has the authors' code, and neither the store nor its password.

Run as ``python -m etesian.cli.services.trigger_awaiter <socket> <parent> <settings>``.
"""

from __future__ import annotations

import signal
import socket
import sys

import msgspec

from etesian.compat import install
from etesian.foundation.process import die_with_parent, set_process_name
from etesian.foundation.stop import StopSignal
from etesian.sdk.runtime import set_platform
from etesian.telemetry.process_logs import configure_process_log
from etesian.triggerer.messages import AwaiterSettings
from etesian.triggerer.remote_source import RemoteSource
from etesian.triggerer.service import run_triggerer
from etesian.triggerer.triggerer import TriggererSettings


def main(arguments: list[str]) -> None:
    """Await triggers until the triggerer says that it is enough, or has gone."""
    descriptor, parent, settings_json = arguments
    die_with_parent(int(parent))
    set_process_name("etesian awaiter")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the triggerer, which ends this
    settings = msgspec.json.decode(settings_json, type=AwaiterSettings)
    configure_process_log("awaiter", level=settings.log_level, format=settings.log_format)
    stop = StopSignal()
    stop.set_on_signals(signal.SIGTERM)
    # Triggers of provider packages, and authors' own that lie beside their DAG files, are imported by name.
    install()
    sys.path.extend(settings.path)
    source = RemoteSource(socket.socket(fileno=int(descriptor)), stop.set)
    set_platform(source)
    run_triggerer(source, TriggererSettings(capacity=settings.capacity), stop)


if __name__ == "__main__":
    main(sys.argv[1:])

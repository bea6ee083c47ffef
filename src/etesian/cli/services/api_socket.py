"""The port of the API, taken before anything else starts."""

from __future__ import annotations

import socket

from etesian.config.settings import Settings
from etesian.foundation.errors import EtesianError


def bind_api_socket(settings: Settings) -> socket.socket:
    """Take the API's port before any service starts, so that a taken port is one clear sentence.

    Raises:
        EtesianError: another program listens there, or the address is not of this machine.
    """
    family = socket.AF_INET6 if ":" in settings.api.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.api.host, settings.api.port))
    except OSError as error:
        listener.close()
        raise EtesianError(
            f"cannot listen on {settings.api.host}:{settings.api.port}: {error.strerror}; "
            "stop the program that uses the port, or choose another one with ETESIAN__API__PORT"
        ) from error
    listener.listen(2048)
    return listener

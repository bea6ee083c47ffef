"""A real FTP server on loopback, in a thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

USER = "etesian"
PASSWORD = "secret"


@contextmanager
def running_ftp_server(folder: Path) -> Iterator[int]:
    """Serve a folder to one user, give the port, and stop at the end."""
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler
    from pyftpdlib.servers import FTPServer

    authorizer = DummyAuthorizer()
    authorizer.add_user(USER, PASSWORD, str(folder), perm="elradfmwMT")

    class Handler(FTPHandler):  # type: ignore[misc]  # it has no types
        """Of this server alone."""

    Handler.authorizer = authorizer
    server = FTPServer(("127.0.0.1", 0), Handler)
    is_over = Event()

    def serve() -> None:
        while not is_over.is_set():
            server.serve_forever(timeout=0.05, blocking=False)
        server.close_all()

    thread = Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.address[1]
    finally:
        is_over.set()
        thread.join(5)

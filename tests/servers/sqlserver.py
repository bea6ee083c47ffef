"""A stand-in for SQL Server that speaks as much of its protocol (TDS 7.4) as a driver needs to log in and to ask.

Statements that begin with SELECT get the rows that the test has put there; all others are done at once.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

PASSWORD = "p@ss"
_PRELOGIN, _LOGIN, _BATCH, _REPLY = 0x12, 0x10, 0x01, 0x04
_COLLATION = bytes((0x09, 0x04, 0xD0, 0x00, 0x34))
_IS_LAST = 0x01
Value = str | int | None


@dataclass
class Answers:
    """What the server knows, and what it was asked. The first row tells which columns are numbers."""

    columns: tuple[str, ...] = ()
    rows: list[tuple[Value, ...]] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)


class SqlServer(ThreadingTCPServer):
    """Serves one set of answers."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = Answers()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])


class _Handler(StreamRequestHandler):
    server: SqlServer

    def handle(self) -> None:
        while (message := self._read_message()) is not None:
            kind, body = message
            if kind == _PRELOGIN:
                self._send(_prelogin())
            elif kind == _LOGIN:
                self._send(_login(body))
            elif kind == _BATCH:
                self._send(self._answer(_statement_of(body)))
            else:  # an attention signal, the end of a session
                self._send(_done())

    def _answer(self, statement: str) -> bytes:
        answers = self.server.answers
        answers.statements.append(statement)
        if not statement.lstrip().upper().startswith("SELECT"):
            return _done()
        are_numbers = [isinstance(value, int) for value in answers.rows[0]]
        rows = b"".join(_row(row, are_numbers) for row in answers.rows)
        return _columns(answers.columns, are_numbers) + rows + _done(len(answers.rows))

    def _read_message(self) -> tuple[int, bytes] | None:
        body, kind, is_last = b"", 0, False
        while not is_last:
            header = self.rfile.read(8)
            if len(header) < 8:
                return None
            kind, status, length = struct.unpack(">BBH4x", header)
            body += self.rfile.read(length - 8)
            is_last = bool(status & _IS_LAST)
        return kind, body

    def _send(self, body: bytes) -> None:
        self.wfile.write(struct.pack(">BBHHBB", _REPLY, _IS_LAST, len(body) + 8, 0, 1, 0) + body)


def _prelogin() -> bytes:
    """Return a version, and that there is no encryption."""
    version, encryption = bytes((15, 0, 0, 0, 0, 0)), bytes((2,))
    offset = 5 + 5 + 1
    return (
        struct.pack(">BHH", 0, offset, len(version))
        + struct.pack(">BHH", 1, offset + len(version), len(encryption))
        + b"\xff"
        + version
        + encryption
    )


def _login(body: bytes) -> bytes:
    """Let in who knows the password."""
    offset, length = struct.unpack_from("<HH", body, 36 + 8)
    hidden = body[offset : offset + 2 * length]
    swapped = bytes(byte ^ 0xA5 for byte in hidden)
    password = bytes((byte >> 4 | (byte << 4) & 0xFF) for byte in swapped).decode("utf-16-le")
    if password != PASSWORD:
        return _error(18456, "Login failed for user.") + _done(status=2)
    program = _short_text("Stand-in")
    granted = b"\x01" + bytes((0x74, 0, 0, 4)) + program + bytes((15, 0, 0, 0))
    size = b"\x04" + _short_text("4096") + _short_text("4096")
    return _token(0xE3, size) + _token(0xAD, granted) + _done()


def _statement_of(body: bytes) -> str:
    (headers,) = struct.unpack_from("<I", body)
    return body[headers:].decode("utf-16-le")


def _columns(names: tuple[str, ...], are_numbers: list[bool]) -> bytes:
    """Describe columns of whole numbers and of texts."""
    found = b""
    for name, is_number in zip(names, are_numbers, strict=True):
        kind = b"\x26\x04" if is_number else b"\xe7" + struct.pack("<H", 8000) + _COLLATION
        found += struct.pack("<IH", 0, 1) + kind + _short_text(name)
    return b"\x81" + struct.pack("<H", len(names)) + found


def _row(values: tuple[Value, ...], are_numbers: list[bool]) -> bytes:
    found = b"\xd1"
    for value, is_number in zip(values, are_numbers, strict=True):
        if value is None:
            found += b"\x00" if is_number else b"\xff\xff"
        elif isinstance(value, int):
            found += b"\x04" + struct.pack("<i", value)
        else:
            text = value.encode("utf-16-le")
            found += struct.pack("<H", len(text)) + text
    return found


def _error(number: int, text: str) -> bytes:
    message = struct.pack("<H", len(text)) + text.encode("utf-16-le")
    body = struct.pack("<iBB", number, 1, 14) + message + _short_text("stand-in") + _short_text("")
    return _token(0xAA, body + struct.pack("<I", 1))


def _done(rows: int = 0, status: int = 0) -> bytes:
    has_count = 0x10 if rows else 0
    return b"\xfd" + struct.pack("<HHQ", status | has_count, 0xC1 if rows else 0, rows)


def _token(kind: int, body: bytes) -> bytes:
    return bytes((kind,)) + struct.pack("<H", len(body)) + body


def _short_text(text: str) -> bytes:
    return bytes((len(text),)) + text.encode("utf-16-le")


@contextmanager
def running_sql_server() -> Iterator[SqlServer]:
    """Start the server and stop it at the end."""
    server = SqlServer()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)

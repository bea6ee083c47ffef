"""What an attempt's programs write to standard output and error, turned into lines of its log by the
supervisor.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from etesian.foundation.clock import utc_now
from etesian.telemetry.task_logs import LogLine, encode_line, open_log

logger = logging.getLogger(__name__)

Redact = Callable[[str], str]

#: Read in one turn of the supervisor. A process that writes faster waits for its turn: the pipe is its brake.
_READ_BYTES: Final = 64 * 1024
#: A line without an end is cut into pieces of this size.
_MAX_LINE_BYTES: Final = 64 * 1024
#: Reads when the process has ended: more than any pipe holds, and a bound if a descendant goes on writing.
_MAX_LAST_READS: Final = 32


class OutputPipe:
    """The reading end of one process's output. Lines wait in the pipe until the log's place is known."""

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._log = -1
        self._find_path: Callable[[], Path] | None = None
        self._redact: Redact = str
        self._begun = b""

    def fileno(self) -> int:
        """Return the descriptor to watch; -1 once closed."""
        return self._descriptor

    def direct_to(self, find_path: Callable[[], Path], redact: Redact) -> None:
        """Write to the log that ``find_path`` names when the first line comes, secrets masked."""
        self._find_path, self._redact = find_path, redact

    def read(self) -> bool:
        """Log what has been written, up to a bound; return whether more may come."""
        try:
            data = os.read(self._descriptor, _READ_BYTES)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if data:
            self._take(data)
        return bool(data)

    def read_rest(self) -> None:
        """Log what is in the pipe now and what was begun; for a process that has ended."""
        for _ in range(_MAX_LAST_READS):
            try:
                data = os.read(self._descriptor, _READ_BYTES)
            except OSError:
                break
            if not data:
                break
            self._take(data)
        if self._begun:
            self._write([self._begun])
            self._begun = b""

    def close(self) -> None:
        """Give the descriptors back."""
        for descriptor in (self._descriptor, self._log):
            if descriptor >= 0:
                os.close(descriptor)
        self._descriptor = self._log = -1

    def _take(self, data: bytes) -> None:
        *lines, begun = (self._begun + data).split(b"\n")
        while len(begun) > _MAX_LINE_BYTES:
            lines.append(begun[:_MAX_LINE_BYTES])
            begun = begun[_MAX_LINE_BYTES:]
        self._begun = begun
        if lines:
            self._write(lines)

    def _write(self, lines: list[bytes]) -> None:
        now = utc_now().isoformat()
        texts = (line.decode("utf-8", "replace") for line in lines)
        data = b"".join(encode_line(LogLine(t=now, m=self._redact(text), s="process")) for text in texts)
        if self._find_path is None:
            logger.warning("a process that runs no attempt wrote: %s", data.decode("utf-8", "replace"))
            return
        try:
            if self._log < 0:
                self._log = open_log(self._find_path())
            os.write(self._log, data)
        except OSError as error:
            logger.error("cannot write to the log %s: %s", self._find_path(), error.strerror)

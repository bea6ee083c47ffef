"""The log as the attempt itself writes it: ``print``, ``logging`` and warnings, straight to the file, line by
line.
"""

from __future__ import annotations

import faulthandler
import io
import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from etesian.foundation.clock import utc_now
from etesian.telemetry.task_logs import LogLine, encode_line, open_log

#: A line without an end is cut into pieces of this many characters.
MAX_LINE_CHARACTERS: Final = 64 * 1024

Redact = Callable[[str], str]

_FORMATTER: Final = logging.Formatter()


class AttemptLog:
    """Appends lines to one log file, which is made when the first line comes.

    Each line is one ``write``: the log is complete up to the moment of a kill. Before the file is known,
    lines go to standard error, whose other end the worker reads.
    """

    def __init__(self, redact: Redact, level: str) -> None:
        self._redact = redact
        self._level = level
        self._find_path: Callable[[], Path] | None = None
        self._descriptor = -1
        self._stdout = LineStream(self, "stdout", 1)
        self._stderr = LineStream(self, "stderr", 2, level="warning")
        self._handler = LogFileHandler(self)

    def direct_to(self, find_path: Callable[[], Path]) -> None:
        """Write to the file that ``find_path`` names when the first line comes."""
        self._find_path = find_path

    def open(self) -> None:
        """Open the file now, if it is known."""
        if self._descriptor < 0 and self._find_path is not None:
            self._descriptor = open_log(self._find_path())

    def write(self, message: str, *, level: str = "info", source: str = "", error: str | None = None) -> None:
        """Append one line, secrets masked."""
        redact = self._redact
        line = LogLine(
            t=utc_now().isoformat(),
            m=redact(message),
            l=level,
            s=source,
            e=None if error is None else redact(error),
        )
        try:
            self.open()
            os.write(2 if self._descriptor < 0 else self._descriptor, encode_line(line))
        except OSError:
            pass  # a full disk loses lines of the log; the task itself may not need the disk at all

    def write_failure(self, what: str, error: BaseException) -> None:
        """Append an exception with its traceback."""
        text = "".join(traceback.format_exception(error))
        self.write(f"{what}: {type(error).__name__}: {error}", level="error", source="etesian", error=text)

    def capture_python(self) -> None:
        """Send what Python code prints and logs in this process, and in its forks, here from now on.

        If native code crashes, Python's own traceback goes to standard error, which reaches the log as well.
        """
        faulthandler.enable(2)
        sys.stdout, sys.stderr = self._stdout, self._stderr
        logging.captureWarnings(True)
        root = logging.getLogger()
        root.handlers[:] = [self._handler]
        if logging.getLevelName(root.level) != self._level.upper():  # setting it touches every logger
            root.setLevel(self._level.upper())

    def flush(self) -> None:
        """Write lines that were begun and not ended."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, LineStream):
                stream.end_line()


class LineStream(io.TextIOBase):
    """Stands in for ``sys.stdout``: each line that is completed goes to the log."""

    def __init__(self, log: AttemptLog, source: str, descriptor: int, level: str = "info") -> None:
        super().__init__()
        self._log = log
        self._source = source
        self._descriptor = descriptor
        self._level = level
        self._begun = ""
        self._lock = threading.RLock()  # re-entrant: a signal handler may print while its thread prints
        #: bytes written here skip the line handling and reach the log through the worker
        self.buffer = io.FileIO(descriptor, "w", closefd=False)

    @property
    def encoding(self) -> str:  # type: ignore[override]  # the base declares an attribute
        """The log is UTF-8."""
        return "utf-8"

    def writable(self) -> bool:
        """Yes."""
        return True

    def fileno(self) -> int:
        """Return the descriptor that programs inherit; the worker reads its other end."""
        return self._descriptor

    def isatty(self) -> bool:
        """No."""
        return False

    def write(self, text: str) -> int:
        """Take text; lines that it completes are logged."""
        with self._lock:
            *lines, begun = (self._begun + text).split("\n")
            # Kept before anything is written: a signal handler may print in the middle of it.
            end = max(0, len(begun) - 1) // MAX_LINE_CHARACTERS * MAX_LINE_CHARACTERS
            self._begun = begun[end:]
            self._write_lines(lines)
            self._write_lines(
                begun[start : start + MAX_LINE_CHARACTERS] for start in range(0, end, MAX_LINE_CHARACTERS)
            )
        return len(text)

    def end_line(self) -> None:
        """Log a line that was begun and not ended."""
        if self._begun:
            self.write("\n")

    def _write_lines(self, lines: Iterable[str]) -> None:
        for line in lines:
            # A progress bar rewrites its line with carriage returns: keep what would be seen last.
            visible = line.rstrip("\r").rpartition("\r")[2]
            self._log.write(visible, level=self._level, source=self._source)


class LogFileHandler(logging.Handler):
    """Sends records of ``logging`` to the attempt's log, with the logger's name as source."""

    def __init__(self, log: AttemptLog) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; a traceback is kept apart from the message."""
        try:
            error = _FORMATTER.formatException(record.exc_info) if record.exc_info else None
            self._log.write(
                record.getMessage(), level=record.levelname.lower(), source=record.name, error=error
            )
        except Exception:  # a message that cannot be formatted must not fail the task
            self.handleError(record)

"""The log of Etesian's own processes, on standard error: one line per message, for people or as JSON."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import Final, TextIO

import msgspec

#: Libraries whose ``info`` is noise in a service log.
_QUIET_LOGGERS: Final = ("uvicorn.error", "watchfiles.main", "alembic.runtime.migration", "asyncio")


def configure_process_log(
    process: str, *, level: str = "info", format: str = "text", stream: TextIO | None = None
) -> None:
    """Send every log message of this process to standard error (or ``stream``), as ``process``'s.

    May be called again after a fork, with the name of the new process.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter(process) if format == "json" else TextFormatter(process))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in _QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)


class TextFormatter(logging.Formatter):
    """``21:50:29.123 info    scheduler  message``: the time is UTC, as everywhere in the logs."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """Return one message; a traceback follows on lines of its own."""
        time = _time_of(record).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        line = f"{time} {record.levelname.lower():<7} {self._process:<10} {record.getMessage()}"
        if record.exc_info:
            line = f"{line}\n{self.formatException(record.exc_info)}"
        return line


class JsonFormatter(logging.Formatter):
    """One JSON object per line: time, level, process, logger, message, and the traceback as ``exception``."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """Return one message as one line."""
        entry = {
            "time": _time_of(record),
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(entry).decode()


def _time_of(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)

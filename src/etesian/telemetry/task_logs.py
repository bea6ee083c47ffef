"""The log of one attempt: where it lies, what a line looks like, and how to read it while it grows.

A log is a file of JSON lines. Several processes may append to it at the same time (the attempt, its worker,
processes the attempt forked): each line is written by one ``write`` to a descriptor opened for appending, so
lines never mix.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final
from urllib.parse import quote

import msgspec

from etesian.foundation.valid_text import as_valid_text

#: File systems allow 255 bytes for one name; the prefix and a hash need some of them.
_MAX_PART_BYTES: Final = 200
_READ_BYTES: Final = 1024 * 1024
_MAX_IMPORT_LOG_BYTES: Final = 1024 * 1024
#: Below the logs folder: what DAG files print while workers import them.
IMPORTS_FOLDER: Final = "imports"
#: What ``_safe`` leaves as it is; nearly every name is made of these, and every task asks.
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.\-~:+@]*")


class LogLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a log."""

    t: str  #: when, ISO 8601 in UTC
    m: str  #: the message
    l: str = "info"  # noqa: E741 - one letter, because it is written once per line
    s: str = ""  #: source: ``stdout``, ``stderr``, ``process`` (a program it started), or a logger's name
    e: str | None = None  #: traceback


@dataclass(frozen=True, slots=True)
class LogPage:
    """Some lines of a log, and where to go on reading."""

    lines: tuple[LogLine, ...]
    next_offset: int  #: in bytes; give it to the next call
    at_end: bool  #: there was no other whole line at this moment; a running attempt may still write


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(LogLine)


def encode_line(line: LogLine) -> bytes:
    """Return the bytes to append for one line."""
    try:
        return _encoder.encode(line) + b"\n"
    except UnicodeEncodeError:
        texts = {name: getattr(line, name) for name in ("m", "l", "s", "e")}
        valid = {name: None if text is None else as_valid_text(text) for name, text in texts.items()}
        return _encoder.encode(msgspec.structs.replace(line, **valid)) + b"\n"


def log_path(logs_dir: Path, dag_id: str, run_id: str, task_id: str, map_index: int, try_number: int) -> Path:
    """Return where the log of one attempt lies. Names become path parts that cannot leave ``logs_dir``.

    The logs of a run lie in one folder: making a folder per task would cost each task more than writing its
    log.

    >>> log_path(Path("logs"), "etl", "manual__1", "load", -1, 2).as_posix()
    'logs/dag_id=etl/run_id=manual__1/task_id=load.attempt=2.log'
    """
    name = _task_name(task_id, map_index)
    return Path(f"{_run_folder(logs_dir, dag_id, run_id)}/{name}.attempt={try_number}.log")


def callback_log_path(
    logs_dir: Path, dag_id: str, run_id: str, task_id: str | None, map_index: int, kind: str
) -> Path:
    """Return where the log of a callback of a task, or with ``task_id`` None of a run, lies."""
    name = "run" if task_id is None else _task_name(task_id, map_index)
    return Path(f"{_run_folder(logs_dir, dag_id, run_id)}/{name}.callback={_safe(kind)}.log")


def import_log_path(logs_dir: Path, bundle: str, file: str) -> Path:
    """Return where the output of importing a DAG file on a worker lies."""
    return logs_dir / IMPORTS_FOLDER / f"bundle={_safe(bundle)}" / f"{_safe(file)}.log"


def begin_import_log(path: Path) -> None:
    """Empty the log of a file's imports if it has become long: it is written to as long as the file is used."""
    try:
        if path.stat().st_size > _MAX_IMPORT_LOG_BYTES:
            os.truncate(path, 0)
    except OSError:
        return  # there is none yet, or it cannot be written to: who writes says so


def open_log(path: Path) -> int:
    """Return a descriptor that appends to a log; its folders are made if they are missing."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o644)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, flags, 0o644)


def read_log(path: Path, offset: int = 0, max_bytes: int = _READ_BYTES) -> LogPage:
    """Return the whole lines from ``offset`` on, at most about ``max_bytes``.

    A line that is still being written is left for the next call; a single line longer than ``max_bytes`` is
    read whole. A missing file has no lines: the attempt has not written any.
    """
    try:
        with path.open("rb") as file:
            file.seek(offset)
            data = file.read(max_bytes)
            if data and b"\n" not in data:
                data += file.readline()
            at_end = not file.read(1)
    except FileNotFoundError:
        return LogPage((), offset, at_end=True)
    whole = data[: data.rfind(b"\n") + 1]
    lines = tuple(_decode_line(text) for text in whole.splitlines())
    return LogPage(lines, offset + len(whole), at_end)


def iterate_log(path: Path) -> Iterator[LogLine]:
    """Yield all lines that the log has now."""
    page = read_log(path)
    while page.lines:
        yield from page.lines
        page = read_log(path, page.next_offset)


def _decode_line(text: bytes) -> LogLine:
    """Return a line; text that is no line of ours (a disk fault, a foreign writer) is shown as it is."""
    try:
        return _decoder.decode(text)
    except msgspec.MsgspecError:
        return LogLine(t="", m=text.decode("utf-8", "replace"))


def _run_folder(logs_dir: Path, dag_id: str, run_id: str) -> str:
    return f"{logs_dir}/dag_id={_safe(dag_id)}/run_id={_safe(run_id)}"


def _task_name(task_id: str, map_index: int) -> str:
    """Return the part of a file's name that says whose log it is; ``=`` is encoded in names, so nothing is
    ambiguous.
    """
    name = f"task_id={_safe(task_id)}"
    return f"{name}.map_index={map_index}" if map_index >= 0 else name


def _safe(name: str) -> str:
    """Return ``name`` as a path part: other characters percent-encoded, long names cut and made unique by a
    hash.
    """
    encoded = name if _PLAIN.fullmatch(name) else quote(name, safe=":+@")
    if len(encoded) <= _MAX_PART_BYTES:
        return encoded
    digest = blake2b(name.encode(), digest_size=8).hexdigest()
    return f"{encoded[: _MAX_PART_BYTES - 20]}~{digest}"

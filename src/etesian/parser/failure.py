"""Why a DAG file could not be read, in words that name the file and the line."""

from __future__ import annotations

import re
import signal
import traceback
from pathlib import Path
from typing import Final

from etesian.foundation.errors import EtesianError
from etesian.foundation.valid_text import as_valid_text
from etesian.parser.messages import ChildEnded, ImportFailure, ParseFiles, Verdict
from etesian.sdk.dags.dag_loading import DagFileError

_MAX_DETAIL_CHARACTERS: Final = 16_000
_DUMPED_FRAME: Final = re.compile(r'File "([^"]+)", line (\d+) in')
_LOADER_FILE: Final = str(Path("etesian", "sdk", "dags", "dag_loading.py"))
_MAX_OUTPUT_LINES: Final = 40
_MAX_LINE_CHARACTERS: Final = 400
_MEGABYTE: Final = 1024 * 1024


class FailureWriter:
    """Words failures of one DAG file."""

    def __init__(self, folder: Path, file: str) -> None:
        """``file`` is relative to the bundle's ``folder``."""
        self._file = file
        self._path = str((folder / file).resolve())

    @staticmethod
    def of_name(file: str) -> ImportFailure:
        """Return the failure of a file whose name, in escapes here, is not UTF-8."""
        return ImportFailure(message=f"{file}: its name is not UTF-8, so that it is not read; rename it")

    def of_import(self, error: BaseException) -> ImportFailure:
        """Return the failure of a file that raised while it was imported."""
        if isinstance(error, DagFileError):
            return self._failure(
                str(error), error.line if error.file == self._file else None, error.traceback
            )
        return self._failure(f"{self._file}: {_describe(error)}", None, _format(error))

    def of_dag(self, error: BaseException, dag_id: str, line: int | None) -> ImportFailure:
        """Return the failure of one DAG that cannot be carried out as it is written."""
        about = "" if dag_id in str(error) else f"DAG {dag_id!r}: "
        details = "" if isinstance(error, EtesianError) else _format(error)
        return self._failure(f"{self._where(line)}: {about}{_describe(error)}", line, details)

    def of_duplicate(self, dag_id: str, line: int | None, other: str) -> ImportFailure:
        """Return the failure of a DAG that another file has defined first."""
        text = f"DAG {dag_id!r} is already defined in {other}; that definition stays, rename one of the two"
        return self._failure(f"{self._where(line)}: {text}", line)

    def of_end(self, ended: ChildEnded, request: ParseFiles) -> ImportFailure:
        """Return the failure of a file whose process ended without a result."""
        line = self._dumped_line(ended.output)
        if ended.verdict is Verdict.TIMEOUT:
            what = (
                f"the import did not end within {request.timeout_seconds:g} seconds and was stopped; "
                "move slow work into tasks, or raise ETESIAN__PARSER__FILE_TIMEOUT_SECONDS"
            )
        elif ended.verdict is Verdict.MEMORY:
            limit = (request.memory_limit_bytes or 0) // _MEGABYTE
            what = (
                f"the import used more than {limit} MB of memory and was stopped; "
                "move the work into tasks, or raise ETESIAN__PARSER__MEMORY_LIMIT_MB"
            )
        else:
            how = _describe_status(ended.status)
            what = f"the process {how} while it imported the file; a DAG file must only define DAGs"
        return self._failure(f"{self._where(line)}: {what}", line, _tidy_output(ended.output))

    def _where(self, line: int | None) -> str:
        return f"{self._file}:{line}" if line else self._file

    def _failure(self, sentence: str, line: int | None, details: str = "") -> ImportFailure:
        message = f"{sentence}\n\n{_shorten(details)}" if details else sentence
        return ImportFailure(message=as_valid_text(message), line=line)

    def _dumped_line(self, output: str) -> int | None:
        """Return the DAG file's innermost line in a traceback that ``faulthandler`` wrote."""
        for file, line in _DUMPED_FRAME.findall(output):
            if file == self._path:
                return int(line)
        return None


def _describe(error: BaseException) -> str:
    if isinstance(error, EtesianError):
        return str(error)
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _format(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def _tidy_output(output: str) -> str:
    """Return the last lines of a child's output; of a dumped traceback the author's frames only."""
    lines = output.strip().splitlines()
    own_frames = [number for number, line in enumerate(lines) if _LOADER_FILE in line]
    if own_frames:
        lines = lines[: own_frames[0]]
        while lines and "<frozen importlib" in lines[-1]:
            lines.pop()
    return "\n".join(line[:_MAX_LINE_CHARACTERS] for line in lines[-_MAX_OUTPUT_LINES:])


def _shorten(text: str) -> str:
    if len(text) <= _MAX_DETAIL_CHARACTERS:
        return text
    half = _MAX_DETAIL_CHARACTERS // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters left out ...]\n{text[-half:]}"


def _describe_status(status: int) -> str:
    """Return what a wait status says of a process that gave no result."""
    number = status & 0x7F
    return (
        f"was killed by {signal.Signals(number).name}" if number else f"ended with exit status {status >> 8}"
    )

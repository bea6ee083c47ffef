"""What becomes of attempts whose DAG file cannot be imported."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path
from typing import Final

from etesian.foundation.errors import EtesianError
from etesian.protocol.reports import Failed
from etesian.protocol.workloads import RunCallback, RunTask
from etesian.worker.messages import LoadFailed
from etesian.worker.runner import TaskResult

logger = logging.getLogger(__name__)

#: Longer tracebacks are cut in the middle, to fit into one packet.
_MAX_TRACEBACK_CHARACTERS: Final = 20_000
_MAX_REASON_CHARACTERS: Final = 2_000


class DagImportError(EtesianError):
    """Raised by runners that can say better than Python's traceback what is wrong with a DAG file."""

    def __init__(self, message: str, author_traceback: str) -> None:
        super().__init__(message)
        self.author_traceback = author_traceback


def describe_load_failure(file: str, error: BaseException) -> LoadFailed:
    """Return what to tell of a DAG file that raised ``error``."""
    if isinstance(error, DagImportError):
        reason, text = str(error), error.author_traceback
    else:
        reason = f"importing the DAG file {file!r} failed: {type(error).__name__}: {error}"
        text = "".join(traceback.format_exception(error))
    if len(text) > _MAX_TRACEBACK_CHARACTERS:
        half = _MAX_TRACEBACK_CHARACTERS // 2
        text = f"{text[:half]}\n[...]\n{text[-half:]}"
    return LoadFailed(reason=reason[:_MAX_REASON_CHARACTERS], traceback=text)


class FailedImport:
    """Stands in for a runner whose file raised: every workload fails, with the traceback in its own log."""

    def __init__(self, failure: LoadFailed) -> None:
        self._failure = failure

    def load_rehearsal(self) -> None:
        """There is nothing to rehearse."""

    def load(self, file: Path, dags_folder: Path) -> None:
        """Do nothing: loading has been tried."""

    def prepare_forks(self) -> None:
        """There will be none."""

    def run_task(self, workload: RunTask) -> TaskResult:
        """Fail without having run anything."""
        logger.error("%s\n%s", self._failure.reason, self._failure.traceback)
        return TaskResult(Failed(reason=self._failure.reason, cause="not_started"))

    def run_callback(self, workload: RunCallback) -> None:
        """Fail without having run anything."""
        raise DagImportError(self._failure.reason, self._failure.traceback)

    def time_out(self) -> BaseException:
        """Return a plain time-out."""
        return TimeoutError("the attempt's time is up")

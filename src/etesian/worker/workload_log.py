"""Where the log of a workload lies, for those who write it: the attempt itself and the supervisor."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from etesian.foundation.clock import utc_now
from etesian.protocol.workloads import RunCallback, Workload
from etesian.telemetry.task_logs import LogLine, callback_log_path, encode_line, log_path, open_log

logger = logging.getLogger(__name__)


def workload_log_path(logs_dir: Path, workload: Workload) -> Path:
    """Return where the log of a task's attempt or of a callback lies."""
    run, index = workload.run, workload.map_index
    if isinstance(workload, RunCallback):
        return callback_log_path(logs_dir, run.dag_id, run.run_id, workload.task_id, index, workload.kind)
    return log_path(logs_dir, run.dag_id, run.run_id, workload.task_id, index, workload.try_number)


def write_to_log(path: Path, message: str, *, level: str = "info", error: str | None = None) -> None:
    """Append one line of the platform's own to a log, for a process that cannot do it itself any more."""
    line = LogLine(t=utc_now().isoformat(), m=message, l=level, s="etesian", e=error)
    try:
        descriptor = open_log(path)
        try:
            os.write(descriptor, encode_line(line))
        finally:
            os.close(descriptor)
    except OSError as failure:
        logger.error("cannot write to the log %s: %s", path, failure.strerror)

"""Running user code of one attempt in this process: what it raised and logged is kept."""

from __future__ import annotations

import logging
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from etesian.lifecycle.records import TaskKey
from etesian.protocol.reports import Succeeded
from etesian.protocol.workloads import RunCallback, RunTask
from etesian.sdk.attempts.execution import AttemptResult, execute_callback, run_attempt
from etesian.sdk.dags.dag import DAG
from etesian.sdk.exceptions import AirflowTaskTerminated, AirflowTaskTimeout

#: Not SIGALRM, which time-outs of test runners use.
_TIME_OUT_SIGNAL: Final = signal.SIGRTMIN + 3
#: What fails a task. Anything else is meant for who runs it.
_ENDS_OF_TASKS: Final = (Exception, SystemExit, AirflowTaskTimeout, AirflowTaskTerminated)


@dataclass(slots=True)
class AttemptRunner:
    """Runs the attempts of one run, one after the other, and remembers what the last try of each came to."""

    dag: DAG
    mark_success: re.Pattern[str] | None = None  #: tasks that succeed without being run
    errors: dict[TaskKey, BaseException] = field(default_factory=dict)
    logs: dict[TaskKey, list[str]] = field(default_factory=dict)
    callback_errors: list[Exception] = field(default_factory=list)

    def run_task(self, workload: RunTask) -> AttemptResult:
        """Run one attempt to its end; what user code raises is a result too.

        Raises:
            BaseException: the program is to end, or the test (``pytest.skip``, a time-out of the test runner).
        """
        if self.mark_success is not None and self.mark_success.fullmatch(workload.task_id):
            return AttemptResult(outcome=Succeeded())
        key = TaskKey(workload.run.dag_id, workload.run.run_id, workload.task_id, workload.map_index)
        self.errors.pop(key, None)
        with _kept_log(self.logs.setdefault(key, [])), _time_limit(workload.execution_timeout_seconds):
            result = run_attempt(self.dag.get_task(workload.task_id), workload)
        if result.error is not None:
            if not isinstance(result.error, _ENDS_OF_TASKS):
                raise result.error
            self.errors[key] = result.error
        return result

    def run_callback(self, workload: RunCallback) -> None:
        """Call one callback; what it raises is kept."""
        try:
            execute_callback(self.dag, workload)
        except Exception as error:
            self.callback_errors.append(error)


class _ListHandler(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.INFO)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record))


@contextmanager
def _kept_log(lines: list[str]) -> Iterator[None]:
    handler, root = _ListHandler(lines), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(min(level, logging.INFO) if level else logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


@contextmanager
def _time_limit(seconds: float | None) -> Iterator[None]:
    """Raise ``AirflowTaskTimeout`` in the block when its time is up; only the main thread can be interrupted."""
    if seconds is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: Any) -> None:
        raise AirflowTaskTimeout(f"the task has used up its execution_timeout of {seconds:g} s")

    before = signal.signal(_TIME_OUT_SIGNAL, stop)
    main = threading.main_thread().ident
    assert main is not None, "the main thread runs"
    timer = threading.Timer(seconds, signal.pthread_kill, (main, _TIME_OUT_SIGNAL))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        signal.signal(_TIME_OUT_SIGNAL, before)

"""A runner for tests: a "DAG file" is a Python file, a task is a function in it that gets its workload."""

from __future__ import annotations

import importlib.util
import traceback
from pathlib import Path
from types import ModuleType

from etesian.protocol.reports import Failed, Succeeded
from etesian.protocol.workloads import RunCallback, RunTask
from etesian.worker.runner import TaskResult


class TimeIsUp(BaseException):
    """What a time-out raises inside a task."""


class ScriptRunner:
    module: ModuleType

    def load_rehearsal(self) -> None:
        return None

    def load(self, file: Path, dags_folder: Path) -> None:
        spec = importlib.util.spec_from_file_location("script", file)
        assert spec is not None
        assert spec.loader is not None
        self.module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.module)

    def prepare_forks(self) -> None:
        pass

    def run_task(self, workload: RunTask) -> TaskResult:
        try:
            outcome = getattr(self.module, workload.task_id)(workload)
        except TimeIsUp as error:
            return TaskResult(Failed(reason=str(error), cause="timeout"))
        except Exception as error:
            traceback.print_exc()
            return TaskResult(Failed(reason=f"{type(error).__name__}: {error}"))
        return TaskResult(outcome or Succeeded())

    def run_callback(self, workload: RunCallback) -> None:
        getattr(self.module, f"on_{workload.kind}")(workload)

    def time_out(self) -> BaseException:
        return TimeIsUp("time is up")

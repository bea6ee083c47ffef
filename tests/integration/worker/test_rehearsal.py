"""The rehearsal works, and leaves no trace in the process that everything is forked from."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import logging, signal, sys
from etesian.sdk.dags.dag_finishing import add_dag_finisher
from etesian.sdk.runtime import has_platform
from etesian.worker.main import process_settings
from etesian.worker.rehearsal import rehearse
from etesian.worker.sdk_runner import SdkRunner
from etesian.worker.settings import WorkerSettings
from pathlib import Path

home = Path(sys.argv[1])
settings = process_settings(WorkerSettings(home=home, dags_folder=home / "dags", logs_dir=home / "logs"))
judged = []
add_dag_finisher(judged.append)
before = sys.stdout, sys.stderr, logging.getLogger().handlers[:], sys.path[:]
rehearse(SdkRunner(), settings)
assert (sys.stdout, sys.stderr, logging.getLogger().handlers, sys.path) == before
assert not judged, "policies are for the project's DAGs"
assert not [name for name in sys.modules if name.startswith("etesian_dag_")]
assert not has_platform()
assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
assert not list(home.iterdir()), "nothing is written"
print("rehearsed")
"""


def test_a_rehearsal_runs_a_task_and_leaves_no_trace(tmp_path: object) -> None:
    command = [sys.executable, "-W", "error", "-c", SCRIPT, str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (result.stdout, result.stderr) == ("rehearsed\n", "")

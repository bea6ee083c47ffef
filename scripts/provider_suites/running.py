"""Running one suite with one interpreter, in a process of its own and within a time."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from scripts.provider_suites.outcomes import SuiteOutcomes, read_outcomes
from scripts.provider_suites.suites import Suite

_HARNESS: Final = Path(__file__).parent / "harness"
_PER_TEST_SECONDS: Final = 120
#: What may not leak from the caller into the tests.
_NOT_INHERITED: Final = ("AIRFLOW", "_AIRFLOW", "ETESIAN", "AWS_", "GOOGLE_", "PYTEST_", "SLACK_")


def run_suite(
    suite: Suite, sdist: Path, *, version: str, python: Path, timeout: float, selected: str = ""
) -> SuiteOutcomes:
    """Run the unit tests of an unpacked sdist with ``python``; ``selected`` is a part of their names, for a look."""
    with tempfile.TemporaryDirectory(prefix="provider-suite-") as name:
        home = Path(name)
        written = home / "outcomes.jsonl"
        command = [str(python), "-m", "pytest", *_options(suite), "tests/unit"]
        if selected:
            command += ["-k", selected]
        with (home / "pytest.log").open("wb") as log:
            is_complete = _run_bounded(command, sdist, _environment(home, written), log.fileno(), timeout)
        outcomes = read_outcomes(written, provider=suite.provider, version=version, is_complete=is_complete)
        if not outcomes.outcomes:
            sys.stderr.write((home / "pytest.log").read_text(errors="replace")[-4000:])
        return outcomes


def _options(suite: Suite) -> Iterator[str]:
    yield from ("-q", "--no-header", "--tb=short", "--disable-warnings", "--import-mode=prepend")
    yield "--continue-on-collection-errors"
    yield from ("-c", os.devnull, "--rootdir=.", "--confcutdir=tests")
    yield from ("-p", "suite_outcomes", "-p", "no:cacheprovider")
    yield f"--timeout={_PER_TEST_SECONDS}"
    for path in suite.left_out:
        yield f"--ignore=tests/unit/{path}"


def _environment(home: Path, written: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)}
    paths = [str(_HARNESS), "tests"]
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(paths),
        "SUITE_OUTCOMES": str(written),
        "HOME": str(home),
        "AIRFLOW_HOME": str(home / "airflow"),
        "ETESIAN_HOME": str(home / "etesian"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }


def _run_bounded(
    command: list[str], folder: Path, environment: dict[str, str], log: int, timeout: float
) -> bool:
    """Run a command and all it starts; return whether it ended by itself."""
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.wait()
        return False
    return True

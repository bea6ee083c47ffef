"""A pytest plugin that writes the outcome of each test as it is known, so that a run cut short counts, too."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest


def _write(**record: Any) -> None:
    with open(os.environ["SUITE_OUTCOMES"], "a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Write files that cannot be collected."""
    if report.failed:
        _write(test=report.nodeid, outcome="error", message=str(report.longrepr)[-2000:])
    elif report.skipped:
        _write(test=report.nodeid, outcome="skipped", message=str(report.longrepr)[-300:])


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Write the outcome of a test: that of its call, or of its set-up or tear-down where one failed."""
    if report.when == "call" or not report.passed:
        outcome = "error" if report.failed and report.when != "call" else report.outcome
        _write(test=report.nodeid, outcome=outcome, message=str(report.longrepr or "")[-2000:])

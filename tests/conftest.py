"""What all tests share: an environment in which nothing of the caller's own installation is left."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from etesian.foundation.valid_text import as_valid_text

#: DAG files that are material of tests, not modules.
collect_ignore_glob = ["compat/dags/*", "compat/semantics/dags.py", "e2e/broken_dags/*"]

pytest_plugins = ["tests.servers.postgresql"]

# Machines differ in speed, and a slow one is not a wrong one; pytest-timeout bounds each test.
settings.register_profile("etesian", deadline=None, print_blob=True)
settings.load_profile("etesian")


@pytest.fixture(scope="session", autouse=True)
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Give the tests a home of their own, and no setting from outside."""
    tmp_path_factory.getbasetemp()  # stays where pytest keeps it, for a look at what a failed test left
    # Homes have long paths in tests, so that their sockets lie under the temporary directory: in this one.
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="et-") as temporary:
        Path(temporary).chmod(0o711)  # PostgreSQL, which runs as another user, must get through it
        patch.setenv("TMPDIR", temporary)
        patch.setattr(tempfile, "tempdir", temporary)
        for name in list(os.environ):
            if name.startswith(("ETESIAN__", "AIRFLOW")):
                patch.delenv(name)
        patch.setenv("ETESIAN_HOME", str(tmp_path_factory.mktemp("etesian-home")))
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep what is no text out of reports: a process that runs tests cannot send them otherwise, and dies."""
    report = yield
    report.sections = [(title, as_valid_text(content)) for title, content in report.sections]
    return report

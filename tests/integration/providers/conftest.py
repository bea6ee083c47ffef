"""Airflow's provider packages, unmodified, on Etesian, against servers on loopback.

`make test-providers` runs this folder in an environment that has them. A provider or a server that is not there
skips its tests, which say so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pytest

from etesian import compat

Connect = Callable[..., None]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "provider(*names): the provider packages, such as `apache.hive`, that a test runs."
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        missing = [
            name for mark in item.iter_markers("provider") for name in mark.args if not _is_installed(name)
        ]
        if missing:
            reason = f"NOT INSTALLED: provider {', '.join(missing)}; `make test-providers` has it"
            item.add_marker(pytest.mark.skip(reason=reason))
        if any(item.iter_markers("provider")):
            # Warnings of other people's code are theirs.
            item.add_marker(pytest.mark.filterwarnings("ignore"))


def _is_installed(provider: str) -> bool:
    try:
        version(f"apache-airflow-providers-{provider.replace('.', '-')}")
    except PackageNotFoundError:
        return False
    return True


@pytest.fixture(scope="session", autouse=True)
def airflow() -> Iterator[None]:
    """Let `import airflow` give Etesian's, as in every process of the platform."""
    was_installed = compat.is_installed()
    compat.install()
    yield
    if not was_installed:
        compat.uninstall()


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Give tasks a connection by the environment: ``connect("files", conn_type="sftp", host=...)``."""

    def give(conn_id: str, *, conn_type: str, **parts: Any) -> None:
        text = json.dumps({"conn_type": conn_type, **parts})
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", text)

    return give

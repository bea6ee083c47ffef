"""The fixtures and markers that provider tests use without a database."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any, Final
from unittest import mock

import pytest

#: Markers of tests that need what a unit test of a provider has not: a metadata database, a service, another Python.
_SKIPPED: Final = {
    "db_test": "needs Airflow's metadata database",
    "need_serialized_dag": "needs Airflow's metadata database",
    "backend": "needs Airflow's metadata database",
    "integration": "needs a running service",
    "system": "needs a running service",
    "credential_file": "needs credentials of a cloud",
    "quarantined": "known to fail now and then",
    "long_running": "takes long",
    "execution_timeout": "",
    "virtualenv_operator": "makes virtual environments",
    "external_python_operator": "makes virtual environments",
}


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers, and set what Airflow reads as its test settings."""
    for name, reason in _SKIPPED.items():
        config.addinivalue_line("markers", f"{name}: {reason or 'allowed seconds'}")
    config.addinivalue_line("markers", "enable_redact: secrets are masked in this test")
    os.environ["AIRFLOW__CORE__UNIT_TEST_MODE"] = "True"
    os.environ["_IN_UNIT_TESTS"] = "true"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip tests that need more than Python."""
    for name, reason in _SKIPPED.items():
        if reason and item.get_closest_marker(name):
            pytest.skip(f"{name}: {reason}")


@pytest.fixture
def create_connection_without_db(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Store a connection where hooks find it without a database: in the environment."""

    def create(connection: Any, session: object = None) -> None:
        monkeypatch.setenv(f"AIRFLOW_CONN_{connection.conn_id.upper()}", connection.as_json())

    return create


@pytest.fixture
def create_dag_without_db() -> Callable[[str], Any]:
    """Make a DAG without a schedule."""

    def create(dag_id: str) -> Any:
        from airflow.sdk import DAG  # late: which airflow it is has to be settled before

        return DAG(dag_id=dag_id, schedule=None, render_template_as_native_obj=True)

    return create


@pytest.fixture
def mock_task_instance() -> Callable[..., mock.MagicMock]:
    """Make a task instance that has the given attributes and answers all else."""

    def create(**attributes: Any) -> mock.MagicMock:
        return mock.MagicMock(**attributes)

    return create


@pytest.fixture
def sdk_connection_not_found() -> None:
    """Let a task find no connection but those of its environment.

    That is so of itself as long as no supervisor is asked; what a test before this one did does not count.
    """


@pytest.fixture
def hook_lineage_collector() -> Iterator[Any]:
    """Collect the assets that hooks report, for one test."""
    from airflow.providers.common.compat.sdk import HookLineageCollector

    collector = HookLineageCollector()
    with mock.patch("airflow.sdk.lineage.get_hook_lineage_collector", return_value=collector):
        yield collector


@pytest.fixture
def cleanup_providers_manager() -> None:
    """Let the test read the entry points of providers anew."""


def _needing_server(name: str) -> Callable[[], None]:
    """Return a fixture that skips: it stands for a part of Airflow's server."""

    @pytest.fixture(name=name)
    def skip() -> None:
        pytest.skip(f"the fixture {name} needs Airflow's metadata database or its supervisor")

    return skip


dag_maker = _needing_server("dag_maker")
session = _needing_server("session")
testing_dag_bundle = _needing_server("testing_dag_bundle")
create_task_instance = _needing_server("create_task_instance")
create_task_instance_of_operator = _needing_server("create_task_instance_of_operator")
create_task_of_operator = _needing_server("create_task_of_operator")
create_runtime_ti = _needing_server("create_runtime_ti")
create_log_template = _needing_server("create_log_template")
mock_supervisor_comms = _needing_server("mock_supervisor_comms")
run_task = _needing_server("run_task")
run_ti = _needing_server("run_ti")
cap_structlog = _needing_server("cap_structlog")

"""The pytest plugin: what users' tests of their DAGs get by installing Etesian.

It imports Etesian only for tests that use a fixture of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from etesian.sdk.dags.dag import DAG
    from etesian.testing import DagFolder, FakeClock, RunResult


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the settings."""
    parser.addini("etesian_dags_folder", "Folder of the DAG files, for the fixture dag_bag.", default="dags")
    parser.addini(
        "etesian_airflow", "Let tests that import `airflow` get Etesian's.", type="bool", default=False
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers; put ``airflow`` in place if the settings ask for it."""
    config.addinivalue_line("markers", "etesian_clock(at): the moment at which the test's clock stands.")
    config.addinivalue_line("markers", "etesian_variables(**variables): variables of the test's runs.")
    config.addinivalue_line("markers", "etesian_connections(**connections): connections of the test's runs.")
    if config.getini("etesian_airflow"):
        from etesian.compat import install

        install()


@pytest.fixture
def etesian_clock(request: pytest.FixtureRequest) -> Iterator[FakeClock]:
    """A clock that only the test moves; tasks, sensors and triggers go by it.

    It begins at the moment that ``@pytest.mark.etesian_clock("2030-01-01")`` names, else now.
    """
    from etesian.testing.clock import FakeClock, using_clock

    marker = request.node.get_closest_marker("etesian_clock")
    with using_clock(FakeClock(marker.args[0] if marker and marker.args else None)) as clock:
        yield clock


@pytest.fixture
def run_dag(request: pytest.FixtureRequest) -> Callable[..., RunResult]:
    """Run a DAG in this process, to its end: ``run_dag(dag, conf={...}).task("load").state``.

    It takes the options of ``etesian.testing.run_dag``. Markers give variables and connections to all runs of
    a test, and a test that uses the fixture ``etesian_clock`` or its marker runs by that clock.
    """
    from etesian.testing.run import run_dag

    given = {name: _given(request.node, f"etesian_{name}") for name in ("variables", "connections")}
    defaults: dict[str, Any] = {}
    if "etesian_clock" in request.fixturenames or request.node.get_closest_marker("etesian_clock"):
        defaults["clock"] = request.getfixturevalue("etesian_clock")

    def run(dag: DAG, **options: Any) -> RunResult:
        for name, values in given.items():
            options[name] = {**values, **options.get(name, {})}
        return run_dag(dag, **{**defaults, **options})

    return run


@pytest.fixture(scope="session")
def load_dags() -> Callable[..., DagFolder]:
    """Import the DAG files of a folder: ``load_dags("dags").check()``; each folder is imported once."""
    from etesian.testing.dag_folder import load_dags

    loaded: dict[Path, DagFolder] = {}

    def load(path: Path | str) -> DagFolder:
        place = Path(path).resolve()
        if place not in loaded:
            loaded[place] = load_dags(place)
        return loaded[place]

    return load


@pytest.fixture(scope="session")
def dag_bag(request: pytest.FixtureRequest, load_dags: Callable[..., DagFolder]) -> DagFolder:
    """The DAGs of the project: those of the folder that the setting ``etesian_dags_folder`` names."""
    return load_dags(request.config.rootpath / request.config.getini("etesian_dags_folder"))


def _given(node: pytest.Item, marker_name: str) -> dict[str, Any]:
    """Return the values of all markers of a name; those nearest to the test count."""
    values: dict[str, Any] = {}
    for marker in reversed(list(node.iter_markers(marker_name))):
        values |= marker.kwargs
    return values

"""Files that are broken in every way: each is named with its fault, and the good one beside them runs.

The files are in ``broken_dags``; each says in its last lines what its error must say.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.e2e.harness import Standalone, running_standalone

BROKEN = sorted((Path(__file__).parent / "broken_dags").glob("*.py"))
EXPECTED: Final = "# the error says: "
GOOD: Final = """
from etesian import DAG, task

with DAG("good", schedule=None):

    @task
    def step():
        pass

    step()
"""


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standalone]:
    home = tmp_path_factory.mktemp("home")
    (home / "dags").mkdir()
    (home / "dags" / "good.py").write_text(GOOD)
    settings = {"ETESIAN__PARSER__FILE_TIMEOUT_SECONDS": "3", "ETESIAN__PARSER__MEMORY_LIMIT_MB": "1024"}
    with running_standalone(home, settings=settings) as platform:
        platform.wait_for_dag("good")
        for file in BROKEN:
            shutil.copy(file, home / "dags")
        yield platform


def import_errors(platform: Standalone) -> dict[str, str]:
    errors: list[dict[str, Any]] = platform.ask("GET", "/importErrors?limit=100")["import_errors"]
    return {Path(error["filename"]).name: error["stack_trace"] for error in errors}


def wait_for_error(platform: Standalone, name: str) -> str:
    return platform.wait_for(lambda: import_errors(platform).get(name), f"an error of {name}", within=60)


@pytest.mark.parametrize("file", BROKEN, ids=lambda file: file.stem)
def test_a_broken_file_is_named_with_its_fault(platform: Standalone, file: Path) -> None:
    trace = wait_for_error(platform, file.name)
    for line in file.read_text().splitlines():
        if line.startswith(EXPECTED):
            assert line.removeprefix(EXPECTED) in trace


def test_a_good_file_beside_them_still_runs(platform: Standalone) -> None:
    assert platform.run_to_end("good")


def test_a_dag_whose_file_breaks_later_stays_known_as_it_was(platform: Standalone) -> None:
    file = platform.home / "dags" / "good_at_first.py"
    file.write_text(GOOD.replace('"good"', '"good_at_first"'))
    platform.wait_for_dag("good_at_first")
    shutil.copy(BROKEN[0].with_name("missing_import.py"), file)
    wait_for_error(platform, file.name)
    dag = platform.ask("GET", "/dags/good_at_first")
    assert dag["has_import_errors"]
    assert not dag["is_stale"]
    (task,) = platform.ask("GET", "/dags/good_at_first/tasks")["tasks"]
    assert task["task_id"] == "step"


def test_an_error_goes_when_the_file_is_mended(platform: Standalone) -> None:
    file = platform.home / "dags" / "mended.py"
    shutil.copy(BROKEN[0].with_name("missing_import.py"), file)
    wait_for_error(platform, file.name)
    file.write_text(GOOD.replace('"good"', '"mended"'))
    platform.wait_for_dag("mended")
    assert file.name not in import_errors(platform)

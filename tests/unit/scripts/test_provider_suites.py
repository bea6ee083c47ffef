"""Running a provider's own tests: what is counted, what is compared, and what the page says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scripts.provider_suites.baseline import Baseline, make_baseline, read_baselines, write_baselines
from scripts.provider_suites.fetching import FetchError, fetch_sdist
from scripts.provider_suites.outcomes import Outcome, SuiteOutcomes
from scripts.provider_suites.page import Result, render_page
from scripts.provider_suites.running import run_suite
from scripts.provider_suites.suites import Suite

SUITE = Suite(provider="pigeon.post", left_out={"pigeon/server": "runs inside Airflow's own server"})
TESTS = {
    "conftest.py": 'pytest_plugins = "tests_common.pytest_plugin"\n',
    "unit/test_pigeon.py": """
import time
import pytest
from airflow.sdk import BaseHook, Connection
from tests_common.test_utils.config import conf_vars
from tests_common.test_utils.version_compat import AIRFLOW_V_3_0_PLUS, AIRFLOW_V_99_0_PLUS

def test_flies(create_connection_without_db):
    create_connection_without_db(Connection(conn_id="roof", conn_type="pigeon", host="loft"))
    assert BaseHook.get_connection("roof").host == "loft"

def test_the_version_is_new():
    assert AIRFLOW_V_3_0_PLUS
    assert not AIRFLOW_V_99_0_PLUS

@conf_vars({("pigeon", "speed"): "90"})
def test_options_are_set():
    from airflow.configuration import conf
    assert conf.getint("pigeon", "speed") == 90

def test_is_lost():
    assert False

@pytest.mark.db_test
def test_of_the_database():
    assert False

def test_of_the_scheduler(dag_maker):
    assert False
""",
    "unit/test_broken.py": "import no_such_module\n",
    "unit/pigeon/server/test_server.py": "import no_such_module\n",
}


@pytest.fixture
def sdist(tmp_path: Path) -> Path:
    for name, text in TESTS.items():
        file = tmp_path / "tests" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


def outcomes(**named: Outcome) -> SuiteOutcomes:
    return SuiteOutcomes(
        provider="pigeon.post",
        version="1.0",
        outcomes={f"tests/unit/test_a.py::{name}": outcome for name, outcome in named.items()},
        messages={f"tests/unit/test_a.py::{name}": "why" for name in named},
    )


def test_each_test_of_a_suite_has_one_outcome(sdist: Path) -> None:
    found = run_suite(SUITE, sdist, version="1.0", python=Path(sys.executable), timeout=100)
    assert found.is_complete
    assert {test.rpartition("::")[2]: str(outcome) for test, outcome in found.outcomes.items()} == {
        "test_flies": "passed",
        "test_the_version_is_new": "passed",
        "test_options_are_set": "passed",
        "test_is_lost": "failed",
        "test_of_the_database": "skipped",
        "test_of_the_scheduler": "skipped",
        "tests/unit/test_broken.py": "error",
    }


def test_a_suite_that_takes_too_long_counts_as_far_as_it_came(sdist: Path) -> None:
    (sdist / "tests/unit/test_pigeon.py").write_text(
        "import time\ndef test_a(): pass\ndef test_b(): time.sleep(100)\n"
    )
    found = run_suite(SUITE, sdist, version="1.0", python=Path(sys.executable), timeout=10)
    assert not found.is_complete
    assert found.outcomes.get("tests/unit/test_pigeon.py::test_a") is Outcome.PASSED
    assert "tests/unit/test_pigeon.py::test_b" not in found.outcomes


def test_the_baseline_keeps_what_did_not_pass(tmp_path: Path) -> None:
    real = outcomes(a=Outcome.PASSED, b=Outcome.FAILED, c=Outcome.SKIPPED)
    baseline = make_baseline(real, "3.3.2")
    write_baselines({"pigeon.post": baseline}, tmp_path / "baseline.json")
    assert read_baselines(tmp_path / "baseline.json") == {"pigeon.post": baseline}
    assert baseline.passed == 1
    assert [baseline.has_passed(f"tests/unit/test_a.py::{name}") for name in "abc"] == [True, False, False]


def test_a_file_that_airflow_cannot_import_has_no_test_that_passes_there() -> None:
    baseline = Baseline(version="1.0", airflow="3.3.2", passed=0, not_passed=("tests/unit/test_a.py",))
    assert not baseline.has_passed("tests/unit/test_a.py::test_b")


def test_the_rate_is_the_share_of_what_passes_under_airflow() -> None:
    real = make_baseline(outcomes(a=Outcome.PASSED, b=Outcome.PASSED, c=Outcome.FAILED), "3.3.2")
    ours = outcomes(a=Outcome.PASSED, b=Outcome.FAILED, c=Outcome.PASSED)
    page = render_page([Result(suite=SUITE, ours=ours, baseline=real)], "")
    assert "| pigeon.post | 1.0 | 3 | 2 | 1 | 0 | 2 | 1 | 50.00 % |" in page
    assert "- pigeon.post: `test_a.py::b`" in page
    assert "- pigeon.post: `pigeon/server` runs inside Airflow's own server" in page


def test_a_baseline_of_another_version_is_not_compared_with() -> None:
    real = Baseline(version="0.9", airflow="3.3.2", passed=2, not_passed=())
    page = render_page([Result(suite=SUITE, ours=outcomes(a=Outcome.PASSED), baseline=real)], "")
    assert "| pigeon.post | 1.0 | 1 | 1 | 0 | 0 | ? | ? | ? |" in page


def test_an_sdist_that_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    unpacked = tmp_path / "pigeon_post-1.0"
    (unpacked / "tests" / "unit").mkdir(parents=True)
    (tmp_path / "pigeon_post-1.0.tar.gz").touch()
    assert fetch_sdist("pigeon-post", "1.0", tmp_path) == unpacked


def test_an_sdist_without_tests_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "pigeon_post-1.0").mkdir()
    (tmp_path / "pigeon_post-1.0.tar.gz").touch()
    with pytest.raises(FetchError, match="no folder tests/unit"):
        fetch_sdist("pigeon-post", "1.0", tmp_path)

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from etesian.compat.environment import STAND_IN_VERSION, disable, enable, find_real_airflow, is_enabled
from etesian.compat.providers.installing import distribution_of
from etesian.sdk.tasks.argument_adapters import ArgumentAdapter


def test_enabling_writes_one_file_and_disabling_removes_it(tmp_path: Path) -> None:
    assert enable(tmp_path).parent == tmp_path
    assert is_enabled(tmp_path)
    assert disable(tmp_path)
    assert not disable(tmp_path)


def test_the_hook_costs_a_process_that_imports_no_airflow_one_small_module() -> None:
    code = (
        "import sys; before = set(sys.modules); import etesian.compat.finder as f; f.install(); "
        "print(sorted(set(sys.modules) - before))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "['__future__', 'etesian', 'etesian.compat', 'etesian.compat.finder']"


def test_the_real_airflow_beside_ours_is_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "airflow").mkdir()
    (tmp_path / "airflow" / "__init__.py").write_text("raise RuntimeError('the real one')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.warns(UserWarning, match="hidden by Etesian's"):
        importlib.import_module("airflow")


@pytest.mark.parametrize(("version", "found"), [("3.3.2", "apache-airflow 3.3.2"), (STAND_IN_VERSION, None)])
def test_what_stands_in_for_airflow_is_not_taken_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, found: str | None
) -> None:
    info = tmp_path / f"apache_airflow-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: apache-airflow\nVersion: {version}\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert find_real_airflow() == found


PIGEONS = """
from airflow import __version__
from etesian.hooks.base import BaseHook

class PigeonHook(BaseHook):
    conn_name_attr = "loft_id"
    hook_name = "Loft"

def info():
    return {
        "package-name": "apache-airflow-providers-pigeon-post",
        "name": "Pigeons",
        "connection-types": [
            {"connection-type": "loft", "hook-class-name": "pigeon.PigeonHook"},
            {"connection-type": "roof", "hook-class-name": "broken_pigeon.RoofHook"},
        ],
    }
"""


@pytest.fixture
def pigeon_post(tmp_path: Path) -> dict[str, str]:
    """An environment with a provider, one of whose hooks cannot be imported."""
    (tmp_path / "pigeon.py").write_text(PIGEONS)
    (tmp_path / "broken_pigeon.py").write_text("print('tried'); raise RuntimeError('lost')")
    info = tmp_path / "apache_airflow_providers_pigeon_post-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: apache-airflow-providers-pigeon-post\nVersion: 1.0\n"
    )
    (info / "entry_points.txt").write_text("[apache_airflow_provider]\nprovider_info = pigeon:info\n")
    return {**os.environ, "PYTHONPATH": str(tmp_path)}


def words_of(environment: dict[str, str], *command: str) -> list[list[str]]:
    done = subprocess.run(
        [sys.executable, *command], env=environment, capture_output=True, text=True, check=True
    )
    return [line.split() for line in done.stdout.splitlines()]


def test_providers_that_import_airflow_to_say_what_they_offer_are_listed(pigeon_post: dict[str, str]) -> None:
    listed = words_of(pigeon_post, "-m", "etesian", "providers", "list", "-o", "plain")
    assert listed[-1] == ["pigeon.post", "1.0", "Pigeons", "apache-airflow-providers-pigeon-post"]


def test_a_hook_that_cannot_be_imported_is_listed_as_such(pigeon_post: dict[str, str]) -> None:
    listed = words_of(pigeon_post, "-m", "etesian", "providers", "hooks", "-o", "plain")
    assert ["loft", "Loft", "apache-airflow-providers-pigeon-post"] in listed
    assert ["roof", "(cannot", "be", "imported)"] in listed


def test_only_the_hook_that_is_asked_for_is_imported(pigeon_post: dict[str, str]) -> None:
    code = (
        "from etesian import compat; compat.install()\n"
        "from airflow.providers_manager import ProvidersManager\n"
        "hooks = ProvidersManager().hooks\n"
        "print(sorted(hooks), hooks['loft'].connection_id_attribute_name)"
    )
    assert words_of(pigeon_post, "-c", code) == [["['loft',", "'roof']", "loft_id"]]


@pytest.mark.parametrize(
    ("name", "distribution"),
    [
        ("postgres", "apache-airflow-providers-postgres"),
        ("apache.hive", "apache-airflow-providers-apache-hive"),
        ("cncf-kubernetes>=10", "apache-airflow-providers-cncf-kubernetes>=10"),
        ("apache-airflow-providers-http", "apache-airflow-providers-http"),
    ],
)
def test_providers_have_short_names(name: str, distribution: str) -> None:
    assert distribution_of(name) == distribution


class TestArgumentAdapter:
    adapter = ArgumentAdapter(
        renamed={"old": "new"}, converted={"flag": str}, without_effect=frozenset({"gone"})
    )

    def test_older_names_and_values_become_those_of_today(self) -> None:
        kwargs = {"old": 1, "flag": True, "gone": 2}
        self.adapter.apply(kwargs, {})
        assert kwargs == {"new": 1, "flag": "True"}

    def test_a_name_of_today_wins(self) -> None:
        kwargs = {"old": 1, "new": 2}
        self.adapter.apply(kwargs, {})
        assert kwargs == {"new": 2}

    def test_default_args_count(self) -> None:
        kwargs: dict[str, object] = {}
        self.adapter.apply(kwargs, {"old": 1})
        assert kwargs == {"new": 1}

"""Names that moved: with the classes of a module, constants move to the provider that has them now."""

from __future__ import annotations

import importlib
import sys
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from etesian.compat.module import TableModule
from etesian.compat.provider_modules import moved_names
from etesian.compat.support.shared_stream import AdvanceOutcome
from etesian.compat.tables import find_table, read_names


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module: Any = ModuleType("airflow.providers.moved.hooks")
    module.Hook, module.RETRIES, module._private = type("Hook", (), {}), 3, 4
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def test_a_constant_is_found_where_the_class_of_its_module_went(
    provider: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    old: Any = TableModule("airflow.contrib.hooks.moved", {"OldHook": f"{provider.__name__}:Hook"})
    monkeypatch.setitem(sys.modules, old.__name__, old)
    assert old.RETRIES == 3
    assert not hasattr(old, "_private")
    assert not hasattr(old, "NOSUCH")


def test_an_event_is_clean_when_all_readers_took_it() -> None:
    outcomes = [
        AdvanceOutcome(1, 0),
        AdvanceOutcome(0, 0),
        AdvanceOutcome(1, 1),
        AdvanceOutcome(1, 0, rejected=1),
    ]
    assert [outcome.is_clean for outcome in outcomes] == [True, False, False, False]


def test_asking_a_person_from_another_kind_of_task_says_what_to_use() -> None:
    hitl = importlib.import_module("airflow.sdk.execution_time.hitl")
    with pytest.raises(Exception, match="ask with HITLOperator"):
        hitl.upsert_hitl_detail(ti_id="x", options=["a"], subject="s")


def test_the_tables_of_moved_names_name_places_that_can_be_there() -> None:
    for table in (moved_names(), read_names("moved.json")):
        for names in table.values():
            for place in names.values():
                module, _, attribute = place.partition(":")
                assert attribute.isidentifier()
                assert module.startswith(("airflow.", "etesian."))


def test_a_name_that_an_installed_provider_lost_is_added_to_its_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sensors = tmp_path / "airflow" / "providers" / "amazon" / "aws" / "sensors"
    sensors.mkdir(parents=True)
    (sensors / "sqs.py").write_text("class SqsSensor:\n    '''The one of today.'''\n")
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("airflow.providers.amazon.aws.sensors.sqs")
    assert module.SQSSensor is module.SqsSensor
    with pytest.raises(AttributeError, match="NOSUCH"):
        _ = module.NOSUCH


def test_a_module_that_installed_providers_lost_is_still_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sensors = tmp_path / "airflow" / "providers" / "amazon" / "aws" / "sensors"
    sensors.mkdir(parents=True)
    (sensors / "s3.py").write_text("class S3KeySensor:\n    '''The one of today.'''\n")
    monkeypatch.syspath_prepend(tmp_path)
    old = importlib.import_module("airflow.providers.amazon.aws.sensors.s3_key")
    assert old.S3KeySensor is importlib.import_module("airflow.providers.amazon.aws.sensors.s3").S3KeySensor


def test_what_modules_pass_on_is_there() -> None:
    passed_on = read_names("passed_on.json")
    for place in {place for names in passed_on.values() for place in names.values()}:
        module, _, attribute = place.partition(":")
        if module.startswith("airflow"):
            assert find_table(module) is not None or module.startswith("airflow.providers."), place
        else:
            assert not attribute or hasattr(importlib.import_module(module), attribute), place


def test_what_is_only_passed_on_is_the_thing_itself() -> None:
    source = "from airflow.utils.dates import timedelta\nfrom airflow.operators.python import BaseOperator"
    names: dict[str, Any] = {}
    exec(source, names)
    assert names["timedelta"] is timedelta
    assert names["BaseOperator"] is importlib.import_module("airflow.models").BaseOperator

"""Names that moved: with the classes of a module, constants move to the provider that has them now."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

import pytest

from etesian.compat.module import TableModule
from etesian.compat.shared_stream import AdvanceOutcome


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

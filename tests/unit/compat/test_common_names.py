"""Names that DAG files of several public projects import are there, or say which provider package has them."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

NAMES = [
    line
    for line in (Path(__file__).parent / "common_names.txt").read_text().splitlines()
    if not line.startswith("#")
]


def resolve(dotted: str) -> object:
    """Return what an import statement would give for a name."""
    module, _, name = dotted.rpartition(".")
    if module:
        found = getattr(importlib.import_module(module), name, None)
        if found is not None:
            return found
    return importlib.import_module(dotted)


@pytest.mark.parametrize("name", NAMES)
def test_a_common_name_is_there_or_says_what_to_install(name: str) -> None:
    found, reason = None, ""
    try:
        found = resolve(name)
    except ModuleNotFoundError as error:
        reason = str(error)
    assert found is not None or "install it with `etesian providers install" in reason

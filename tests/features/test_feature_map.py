"""The map of features: what authors and operators can rely on, and the tests that show it.

Each TOML file of this folder lists features by section. A feature is one row, in plain words, with the tests that
prove it as ``path::name`` below ``tests/``. A feature that cannot be had has a text instead, which says why.
"""

from __future__ import annotations

import ast
import tomllib
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TESTS = HERE.parent
FILES = sorted(HERE.glob("*.toml"))


def _rows() -> list[tuple[str, str, object]]:
    """Every row as file and section, feature, and proof."""
    return [
        (f"{file.stem}/{section}", feature, proof)
        for file in FILES
        for section, features in tomllib.loads(file.read_text()).items()
        for feature, proof in features.items()
    ]


@cache
def _tests_of(file: Path) -> frozenset[str]:
    """The names of all test functions of a file, those of classes included."""
    if not file.exists():
        return frozenset()
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    found = (node.name for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, functions))
    return frozenset(name for name in found if name.startswith("test_"))


def _is_a_test(test: str) -> bool:
    path, _, name = test.partition("::")
    return name.rpartition("::")[2] in _tests_of(TESTS / path)


@pytest.mark.parametrize(("section", "feature", "proof"), _rows(), ids=lambda part: str(part)[:60])
def test_a_feature_names_tests_that_exist(section: str, feature: str, proof: object) -> None:
    if isinstance(proof, str):
        assert len(proof) > len("no"), f"{section}: say why {feature!r} cannot be had"
        return
    assert isinstance(proof, list)
    assert proof, f"{section}: {feature!r} names no test"
    assert not [test for test in proof if not _is_a_test(test)], f"{section}: tests of {feature!r} are gone"

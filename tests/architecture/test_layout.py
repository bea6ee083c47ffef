"""Files stay small, and every folder says what it is for."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "etesian"
MAX_LINES = 500
#: Long because what they list is long; they hold no logic.
TABLES_OF_DATA = {"store/tables.py"}
PACKAGES = sorted({file.parent for file in SOURCE.rglob("*.py")})


def test_no_file_is_longer_than_can_be_read_in_one_go() -> None:
    lengths = {
        str(file.relative_to(SOURCE)): len(file.read_text().splitlines()) for file in SOURCE.rglob("*.py")
    }
    too_long = {name for name, length in lengths.items() if length > MAX_LINES}
    assert not too_long - TABLES_OF_DATA, f"split these by concept, at most {MAX_LINES} lines each"


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: str(package.relative_to(SOURCE)))
def test_a_folder_says_what_it_is_for(package: Path) -> None:
    init = package / "__init__.py"
    assert init.exists(), f"{package} has Python files but no __init__.py"
    assert ast.get_docstring(ast.parse(init.read_text())), f"{init} has no docstring"


def test_nothing_is_called_utils() -> None:
    found = [
        file for file in SOURCE.rglob("*") if file.stem in {"utils", "util", "helpers", "common", "misc"}
    ]
    ours = [file for file in found if "compat" not in file.parts]  # there, the names are Airflow's
    assert not ours, "name the concept instead"

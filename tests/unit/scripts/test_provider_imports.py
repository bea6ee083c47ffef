"""Counting which modules of providers can be imported, and the part of the page that says so."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scripts.provider_suites.imports import (
    ImportReportError,
    ProviderImports,
    count_imports,
    find_imports,
    render_imports,
    replace_imports,
)

IMPORTS = {
    "pigeon": ProviderImports(version="1.0.0", modules=5, failures={}),
    "raven": ProviderImports(
        version="2.1.0", modules=3, failures={"raven.hooks.nest": "ImportError: no twigs"}
    ),
}


def test_all_and_each_provider_s_are_counted_and_failures_are_named() -> None:
    part = render_imports(IMPORTS)
    assert "**7 of 8** such modules of 2 providers" in part
    assert "| pigeon | 1.0.0 | 5 | 5 |\n| raven | 2.1.0 | 3 | 2 |\n" in part
    assert "- `raven.hooks.nest`: ImportError: no twigs\n" in part


def test_the_part_is_written_anew_at_its_place() -> None:
    old = render_imports(IMPORTS)
    new = render_imports({"pigeon": IMPORTS["pigeon"]})
    assert replace_imports(f"before\n{old}after\n", new) == f"before\n{new}after\n"
    assert find_imports(f"before\n{new}after\n") == new


def test_a_page_without_the_part_gets_it_at_the_end() -> None:
    part = render_imports(IMPORTS)
    assert find_imports("before\n") == ""
    assert replace_imports("before\n", part) == f"before\n\n{part}"


def test_the_modules_are_those_of_the_interpreter_s_environment() -> None:
    counted = count_imports(Path(sys.executable))
    assert all(len(provider.failures) <= provider.modules for provider in counted.values())


def test_an_interpreter_without_etesian_is_an_error(tmp_path: Path) -> None:
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    bare.chmod(0o755)
    with pytest.raises(ImportReportError, match="ModuleNotFoundError: No module named 'etesian'"):
        count_imports(bare)

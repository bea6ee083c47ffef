"""The import rules of pyproject.toml hold; and they would notice if they did not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")

#: File to one line, and a contract that it breaks.
PLANTED = {
    "foundation/planted_arrow.py": ("import etesian.lifecycle.state", "Arrows point down"),
    "scheduler/core/planted_clock.py": ("import time", "Rules are pure"),
    "executors/planted_store.py": ("import etesian.store", "User code never meets the database"),
    "operators/planted_database.py": ("import sqlalchemy", "Authoring and task processes start fast"),
    "spec/planted_cycle/one/thing.py": ("import etesian.spec.planted_cycle.two.thing", "No cycles"),
    "spec/planted_cycle/two/thing.py": ("import etesian.spec.planted_cycle.one.thing", "No cycles"),
}


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT_IMPORTS, "--no-cache", "--config", "pyproject.toml"],
        cwd=root,
        env={"PYTHONPATH": "src"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_all_import_contracts_are_kept() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_contract_notices_a_planted_violation(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for name, (line, _) in PLANTED.items():
        file = tmp_path / "src" / "etesian" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{line}\n")
        for folder in file.relative_to(tmp_path / "src" / "etesian").parents:
            (tmp_path / "src" / "etesian" / folder / "__init__.py").touch()
    summary = lint_imports(tmp_path).stdout
    kept = {contract for _, contract in PLANTED.values() if f"{contract} BROKEN" not in summary}
    assert not kept, f"not noticed: {kept}\n{summary}"

"""What is shipped: the wheel holds every file of the package, the command and the pytest plugin."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "etesian"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=ROOT,
        capture_output=True,
        timeout=100,
        check=True,
    )
    (built,) = folder.glob("*.whl")
    return ZipFile(built)


def test_the_wheel_holds_every_file_of_the_package(wheel: ZipFile) -> None:
    source = {
        str(file.relative_to(PACKAGE.parent))
        for file in PACKAGE.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert source - set(wheel.namelist()) == set()


def test_the_wheel_says_that_it_is_typed_and_under_which_licence(wheel: ZipFile) -> None:
    names = wheel.namelist()
    assert "etesian/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_wheel_installs_the_command_and_the_pytest_plugin(wheel: ZipFile) -> None:
    (name,) = (name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    entry_points = wheel.read(name).decode()
    assert "etesian = etesian.cli.main:main" in entry_points
    assert "etesian = etesian.testing.plugin" in entry_points

"""Switching the hook on for a whole Python environment, and noticing the real apache-airflow beside it."""

from __future__ import annotations

import sys
import sysconfig
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from etesian.foundation.errors import EtesianError

_FILE: Final = "etesian_compat.pth"
_LINE: Final = "import etesian.compat.finder; etesian.compat.finder.install()\n"
#: Version of the empty distribution that stands in for Airflow where pip has to find one.
STAND_IN_VERSION: Final = "3.3.2+etesian"
_COMMAND: Final = """#!{python}
from etesian.cli.airflow_command import main

main()
"""
_REAL: Final = ("apache-airflow-core", "apache-airflow", "apache-airflow-task-sdk")


class ForeignCommandError(EtesianError):
    """Something else has the name of a command."""


def enable(site_packages: Path | None = None) -> Path:
    """Let every Python process of this environment import our ``airflow``; return the file that says so."""
    path = _place(site_packages)
    path.write_text(_LINE, encoding="utf-8")
    return path


def disable(site_packages: Path | None = None) -> bool:
    """Undo ``enable``; return whether there was anything to undo."""
    path = _place(site_packages)
    was_enabled = path.exists()
    path.unlink(missing_ok=True)
    return was_enabled


def is_enabled(site_packages: Path | None = None) -> bool:
    """Return whether the environment has the hook switched on."""
    return _place(site_packages).exists()


def write_command(scripts: Path | None = None) -> Path:
    """Put an ``airflow`` command into this environment and return its file.

    Raises:
        ForeignCommandError: there is one that is not ours.
    """
    path = _command(scripts)
    if path.exists() and not _is_own(path):
        raise ForeignCommandError(
            f"{path} is not Etesian's; uninstall apache-airflow, or remove the file, and try again"
        )
    path.write_text(_COMMAND.format(python=sys.executable), encoding="utf-8")
    path.chmod(0o755)
    return path


def remove_command(scripts: Path | None = None) -> bool:
    """Remove the ``airflow`` command if it is ours; return whether it was there."""
    path = _command(scripts)
    if not path.exists() or not _is_own(path):
        return False
    path.unlink()
    return True


def find_real_airflow() -> str | None:
    """Return name and version of a real Airflow distribution that is installed in this environment; None else."""
    for name in _REAL:
        try:
            found = version(name)
        except PackageNotFoundError:
            continue
        if found != STAND_IN_VERSION:
            return f"{name} {found}"
    return None


def _place(site_packages: Path | None) -> Path:
    return (site_packages or Path(sysconfig.get_path("purelib"))) / _FILE


def _command(scripts: Path | None) -> Path:
    return (scripts or Path(sysconfig.get_path("scripts"))) / "airflow"


def _is_own(path: Path) -> bool:
    return b"etesian.cli.airflow_command" in path.read_bytes()

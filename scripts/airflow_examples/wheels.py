"""Getting the examples out of Airflow's own wheel; they are never kept."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath
from typing import Final

_FOLDERS: Final = (
    "airflow/example_dags/",
    "airflow/contrib/example_dags/",
    "airflow/providers/standard/example_dags/",
)
#: Where the examples are, by the part of the version before the first dot.
_WHEELS: Final = {
    "1": ("apache-airflow=={version}",),
    "2": ("apache-airflow=={version}",),
    "3": ("apache-airflow-core=={version}", "apache-airflow-providers-standard==1.21.0"),
}
#: Files of the examples that are no DAG files: plugins, which a project keeps in a folder of their own.
_NOT_DAGS: Final = "airflow/example_dags/plugins/"


class WheelError(Exception):
    """The wheel cannot be had."""


def unpack_examples(version: str, wheels: Path, folder: Path) -> None:
    """Put the DAG files of a version's examples below ``folder``; fetch the wheels that are not in ``wheels``.

    Raises:
        WheelError: pip cannot download it.
    """
    for requirement in _WHEELS[version.partition(".")[0]]:
        _unpack(_find_wheel(requirement.format(version=version), wheels), folder)


def _unpack(path: Path, folder: Path) -> None:
    with zipfile.ZipFile(path) as wheel:
        for member in wheel.namelist():
            if not member.startswith(_FOLDERS) or member.startswith(_NOT_DAGS) or member.endswith("/"):
                continue
            target = folder.joinpath(*PurePosixPath(member).parts[1:])
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(wheel.read(member))


def _find_wheel(requirement: str, wheels: Path) -> Path:
    name, _, version = requirement.partition("==")
    pattern = f"{name.replace('-', '_')}-{version}-*.whl"
    if not list(wheels.glob(pattern)):
        options = ["--no-deps", "--only-binary", ":all:", "--ignore-requires-python", "--quiet"]
        command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(wheels), requirement]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode:
            raise WheelError(f"pip cannot download {requirement}: {result.stderr.strip()[-500:]}")
    found = list(wheels.glob(pattern))
    if not found:
        raise WheelError(f"pip downloaded no {pattern} for {requirement}")
    return found[0]

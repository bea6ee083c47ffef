"""Getting the sdists that have the tests, from the package index that pip is configured for."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path


class FetchError(Exception):
    """A provider's sdist cannot be had."""


def fetch_sdist(distribution: str, version: str, folder: Path) -> Path:
    """Return the folder of an unpacked sdist below ``folder``; what is there already is not fetched again.

    Raises:
        FetchError: pip cannot download it, or it has no unit tests.
    """
    stem = f"{distribution.replace('-', '_')}-{version}"
    archive, unpacked = folder / f"{stem}.tar.gz", folder / stem
    if not archive.is_file():
        _download(f"{distribution}=={version}", folder)
    if not archive.is_file():
        raise FetchError(f"pip downloaded no {archive.name} for {distribution}=={version}")
    if not unpacked.is_dir():
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
    if not (unpacked / "tests" / "unit").is_dir():
        raise FetchError(f"{archive.name} has no folder tests/unit; its suite cannot be run")
    return unpacked


def _download(requirement: str, folder: Path) -> None:
    options = ["--no-deps", "--no-binary", ":all:", "--quiet", "--dest", str(folder)]
    command = [sys.executable, "-m", "pip", "download", *options, requirement]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise FetchError(f"{' '.join(command)} failed: {result.stderr.strip()[-500:]}")

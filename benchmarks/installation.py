"""What a fresh installation brings along: distributions and bytes, bytecode not counted."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from benchmarks.figure import Figure, run_alone

ROOT: Final = Path(__file__).parents[1]
UV: Final = Path(sys.executable).with_name("uv")


def measure() -> list[Figure]:
    """Install the wheel with its locked requirements into a new environment and look at it."""
    with tempfile.TemporaryDirectory(prefix="etesian-install-") as folder:
        environment = Path(folder) / "environment"
        _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder)
        (wheel,) = Path(folder).glob("*.whl")
        _run(UV, "venv", "--quiet", "--python", sys.executable, environment)
        install = (
            UV,
            "pip",
            "install",
            "--quiet",
            "--link-mode=copy",
            "--python",
            environment / "bin" / "python",
        )
        _run(*install, "--require-hashes", "-r", ROOT / "requirements" / "runtime.txt")
        _run(*install, "--no-deps", wheel)
        (packages,) = environment.glob("lib/python*/site-packages")
        files = [file for file in packages.rglob("*") if file.is_file() and file.suffix != ".pyc"]
        megabytes = sum(file.stat().st_size for file in files) / 1_000_000
        distributions = len(list(packages.glob("*.dist-info")))
    return [
        Figure(what="fresh install: distributions", value=distributions, unit="", budget=45),
        Figure(what="fresh install: size", value=megabytes, unit="MB", budget=90),
    ]


def _run(*command: object) -> None:
    subprocess.run(
        [str(part) for part in command], cwd=ROOT, timeout=300, check=True, stdout=subprocess.DEVNULL
    )


if __name__ == "__main__":
    run_alone("installation", measure)

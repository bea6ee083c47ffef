"""Where the files lie that come with Etesian."""

from __future__ import annotations

from pathlib import Path


def examples_folder() -> Path:
    """Return the folder of the example DAGs."""
    return Path(__file__).resolve().parents[2] / "examples"

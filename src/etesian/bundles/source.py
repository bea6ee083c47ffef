"""What fills the folder of a bundle that no person fills."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

#: In the place of a file's name: all of the bundle.
WHOLE_BUNDLE: Final = "."


@dataclass(frozen=True, slots=True)
class BundlePlace:
    """Where the files of a bundle lie."""

    folder: Path
    version: str | None = None  #: the version that the folder has, and always will have; None: it may change


class BundleSource(Protocol):
    """Where the files of a bundle are fetched from. Of one bundle, one process at a time calls these."""

    @property
    def refresh_seconds(self) -> float:
        """How long to wait after a fetch before the next one."""
        ...

    @property
    def place(self) -> BundlePlace | None:
        """Where the newest files lie; None before the first fetch."""
        ...

    def refresh(self) -> None:
        """Bring the newest files here.

        Raises:
            BundleError: they cannot be had; what is here stays as it was.
        """
        ...

    def discard_except(self, versions: Collection[str], now: datetime) -> None:
        """Delete the files of versions that are neither among these nor new. They can be restored."""
        ...

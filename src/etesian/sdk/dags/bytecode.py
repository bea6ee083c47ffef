"""Keeps Python from running the bytecode of an older text.

Python takes cached bytecode to be good when the source has the same size and the same modification time *in
whole seconds*. A file that is edited twice within a second without changing its size would be imported as it
was before.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import cache_from_source
from pathlib import Path
from typing import Final

from etesian.foundation.clock import utc_now

#: Bytecode of a source that is older than this cannot be mistaken: another edit gets another time.
_SETTLED_SECONDS: Final = 2


def forget_fresh_bytecode(sources: Iterable[Path]) -> None:
    """Delete the cached bytecode of sources that were written a moment ago."""
    settled_before = utc_now().timestamp() - _SETTLED_SECONDS
    for source in sources:
        try:
            if source.suffix == ".py" and source.stat().st_mtime >= settled_before:
                Path(cache_from_source(str(source))).unlink()
        except OSError:
            continue  # there is none, or it is not ours to delete

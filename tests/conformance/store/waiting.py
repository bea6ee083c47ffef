"""Waits with a bound."""

from __future__ import annotations

import select
import time
from collections.abc import Callable

from etesian.store.bus import Bell

PATIENCE_SECONDS = 10


def wait_for(bell: Bell) -> None:
    """Wait until the bell has rung."""
    readable, _, _ = select.select([bell], [], [], PATIENCE_SECONDS)
    assert readable, f"the bell did not ring within {PATIENCE_SECONDS} s"


def wait_until(holds: Callable[[], bool], what: str) -> None:
    """Look again and again until something holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"waited {PATIENCE_SECONDS} s for {what}"
        time.sleep(0.01)

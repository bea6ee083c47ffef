"""``timeout``: end a block of code after some seconds."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType

from etesian.sdk.exceptions import AirflowTaskTimeout


class timeout:
    """Raises ``AirflowTaskTimeout`` inside the block when it takes too long. Main thread only."""

    def __init__(self, seconds: float = 1, error_message: str = "Timeout") -> None:
        self.seconds = seconds
        self.error_message = error_message

    def __enter__(self) -> timeout:
        self._before = signal.signal(signal.SIGALRM, self._raise)
        signal.setitimer(signal.ITIMER_REAL, self.seconds)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self._before)

    def _raise(self, _number: int, _frame: FrameType | None) -> None:
        raise AirflowTaskTimeout(f"{self.error_message} after {self.seconds} s")

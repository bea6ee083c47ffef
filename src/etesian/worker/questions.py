"""What attempts and DAG hosts have asked the scheduler and not been answered: repeated when a scheduler
connects.
"""

from __future__ import annotations

from collections.abc import Iterator

from etesian.protocol.channels import Ask
from etesian.protocol.requests import Request


class OpenQuestions:
    """Unanswered requests, by who asked."""

    def __init__(self) -> None:
        self._open: dict[str, dict[int, Ask]] = {}

    def add(self, asker: str, request: Request) -> Ask:
        """Note a request and return the message that asks it."""
        ask = Ask(attempt_id=asker, number=getattr(request, "id", 0), request=request)
        self._open.setdefault(asker, {})[ask.number] = ask
        return ask

    def answered(self, asker: str, number: int) -> bool:
        """Strike a request out; return False if it was answered before, or the asker has gone."""
        asks = self._open.get(asker)
        if asks is None or asks.pop(number, None) is None:
            return False
        if not asks:
            del self._open[asker]
        return True

    def forget(self, asker: str) -> None:
        """Strike out all requests of an asker that has gone."""
        self._open.pop(asker, None)

    def __iter__(self) -> Iterator[Ask]:
        for asks in self._open.values():
            yield from asks.values()

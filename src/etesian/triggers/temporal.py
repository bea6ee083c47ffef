"""Triggers that wait for a moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any, Final

from etesian.foundation.clock import utc_now
from etesian.sdk.time.timezone import convert_to_utc
from etesian.sdk.trigger import BaseTrigger, TaskSuccessEvent, TriggerEvent

#: The clock is looked at this often, so that a wait ends in time when the clock is set.
LONGEST_SLEEP_SECONDS: Final = 300.0


class DateTimeTrigger(BaseTrigger):
    """Fires at a moment, at once if it has passed; the event's payload is the moment.

    With ``end_from_trigger`` the task then succeeds without running again.

    Raises:
        TypeError: the moment is no date.
        ValueError: it has no time zone.
    """

    def __init__(
        self,
        moment: datetime | str | None = None,
        *,
        target_time: datetime | str | None = None,
        end_from_trigger: bool = False,
    ) -> None:
        super().__init__()
        given = moment if moment is not None else target_time
        if not isinstance(given, datetime | str):
            raise TypeError(f"a DateTimeTrigger needs a moment, a datetime with a time zone; got {given!r}")
        if isinstance(given, datetime) and given.tzinfo is None:
            raise ValueError(f"the moment {given.isoformat()} of a DateTimeTrigger has no time zone")
        self.moment = convert_to_utc(given)
        self.end_from_trigger = end_from_trigger

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return class path and arguments."""
        return (
            f"{DateTimeTrigger.__module__}.{DateTimeTrigger.__qualname__}",
            {"moment": self.moment, "end_from_trigger": self.end_from_trigger},
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Sleep until the moment."""
        while (remaining := (self.moment - utc_now()).total_seconds()) > 0:
            await asyncio.sleep(min(remaining, LONGEST_SLEEP_SECONDS))
        yield TaskSuccessEvent() if self.end_from_trigger else TriggerEvent(self.moment.isoformat())


class TimeDeltaTrigger(DateTimeTrigger):
    """Fires when a time has passed since it was made; it is kept as a moment, so a restart adds nothing."""

    def __init__(self, delta: timedelta, *, end_from_trigger: bool = False) -> None:
        super().__init__(moment=utc_now() + delta, end_from_trigger=end_from_trigger)

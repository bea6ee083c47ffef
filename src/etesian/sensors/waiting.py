"""The base of sensors that wait for a moment."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from etesian.foundation.clock import utc_now
from etesian.sensors.base import BaseSensorOperator
from etesian.triggers.temporal import DateTimeTrigger

if TYPE_CHECKING:
    from etesian.sdk.context import Context


class MomentSensor(BaseSensorOperator):
    """Waits for the moment that ``find_moment`` computes: by looking, or deferred to the triggerer.

    With ``end_from_trigger`` a deferred one succeeds without a worker running it again.
    """

    def __init__(
        self,
        *,
        deferrable: bool = False,
        end_from_trigger: bool = False,
        start_from_trigger: bool = False,
        trigger_kwargs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.deferrable = deferrable
        self.end_from_trigger = end_from_trigger
        self.start_from_trigger = start_from_trigger
        self.trigger_kwargs = trigger_kwargs

    def find_moment(self, context: Context) -> datetime:
        """Return the moment to wait for, aware."""
        raise NotImplementedError(f"{type(self).__name__} has no find_moment()")

    def poke(self, context: Context) -> bool:
        """Return whether the moment has passed."""
        moment = self.find_moment(context)
        self.log.info("Checking if the time (%s) has come", moment.isoformat())
        return utc_now() > moment

    def execute(self, context: Context) -> Any:
        """Wait here, or on the triggerer if it is deferrable."""
        if not self.deferrable:
            return super().execute(context)
        moment = self.find_moment(context)
        if utc_now() > moment:
            return None
        return self.defer(
            trigger=DateTimeTrigger(moment=moment, end_from_trigger=self.end_from_trigger),
            method_name="execute_complete",
            timeout=timedelta(seconds=self.timeout),
        )

    def execute_complete(self, context: Context, event: Any = None) -> None:
        """Go on when the moment has come."""

"""What can be wrong with a schedule as an author wrote it."""

from __future__ import annotations

from etesian.foundation.errors import EtesianError


class InvalidScheduleError(EtesianError):
    """A schedule that can never be carried out as it is written."""


class InvalidCronError(InvalidScheduleError):
    """A cron expression that is not one: names the expression, the field, and what the field takes."""

    def __init__(self, expression: str, problem: str, *, field: str | None = None) -> None:
        self.expression = expression
        self.field = field
        self.problem = problem
        super().__init__(f"cron expression {expression!r} is not valid: {problem}")


class UnknownTimezoneError(InvalidScheduleError):
    """A time zone that is neither in the tz database nor a fixed offset."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"time zone {name!r} is not known; use a name of the tz database such as 'Europe/Berlin', "
            "or a fixed offset such as '+02:00'"
        )

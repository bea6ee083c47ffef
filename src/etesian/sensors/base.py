"""The base of sensors: look, wait, look again, until the condition holds or the time is up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from math import floor, log2
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from etesian.foundation.clock import pause, utc_now
from etesian.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowRescheduleException,
    AirflowSensorTimeout,
    AirflowSkipException,
    TaskDeferralError,
    TaskDeferralTimeout,
)
from etesian.sdk.tasks.operator import BaseOperator

if TYPE_CHECKING:
    from etesian.sdk.context import Context

DEFAULT_TIMEOUT: Final = timedelta(days=7)
#: A millionfold wait. Past this, doubling again would overflow ``timedelta``.
MAX_DOUBLINGS: Final = 20

SensorClass = TypeVar("SensorClass", bound=type)


class PokeReturnValue:
    """What a look may return: whether the condition holds, and a value for the XCom."""

    def __init__(self, is_done: bool, xcom_value: Any = None) -> None:
        self.is_done = is_done
        self.xcom_value = xcom_value

    def __bool__(self) -> bool:
        return self.is_done


class BaseSensorOperator(BaseOperator):
    """Waits until ``poke`` returns something true.

    In mode ``poke`` the task keeps its slot while it waits; in mode ``reschedule`` it gives the slot back
    between two looks. After ``timeout`` it fails without another try. ``soft_fail`` skips it instead;
    ``never_fail`` skips it on any error; ``silent_fail`` logs an error of a look and goes on. Times are
    timedeltas or seconds.

    Raises:
        SensorArgumentError: an argument makes no sense.
    """

    ui_color = "#e6f1f2"
    is_sensor = True
    valid_modes: ClassVar[tuple[str, ...]] = ("poke", "reschedule")

    def __init__(
        self,
        *,
        poke_interval: timedelta | float = 60,
        timeout: timedelta | float | None = None,
        soft_fail: bool = False,
        mode: str = "poke",
        exponential_backoff: bool = False,
        max_wait: timedelta | float | None = None,
        silent_fail: bool = False,
        never_fail: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.poke_interval = _seconds(poke_interval, "poke_interval", self.task_id)
        self.timeout = _seconds(DEFAULT_TIMEOUT if timeout is None else timeout, "timeout", self.task_id)
        self.max_wait = None if max_wait is None else _seconds(max_wait, "max_wait", self.task_id)
        self.soft_fail = soft_fail
        self.mode = mode
        self.exponential_backoff = exponential_backoff
        self.silent_fail = silent_fail
        self.never_fail = never_fail
        if mode not in self.valid_modes:
            raise SensorArgumentError(
                f"mode of sensor {self.task_id!r} must be {' or '.join(self.valid_modes)}, got {mode!r}"
            )
        if soft_fail and never_fail:
            raise SensorArgumentError(
                f"sensor {self.task_id!r} cannot have both soft_fail and never_fail; choose one"
            )

    @property
    def reschedule(self) -> bool:
        """Whether it gives its slot back between two looks."""
        return self.mode == "reschedule"

    def poke(self, context: Context) -> bool | PokeReturnValue:
        """Look once, and return whether the condition holds."""
        raise NotImplementedError(f"{type(self).__name__} has no poke()")

    def execute(self, context: Context) -> Any:
        """Look until the condition holds, and return the value of the last look, if it had one.

        Raises:
            AirflowSensorTimeout: it did not hold in time.
            AirflowSkipException: nor was that, or an error, to fail the task.
            AirflowRescheduleException: the signal to look again later.
        """
        started_at = self._first_look_at(context)
        looks = 0
        while not (found := self._look(context)):
            waited = utc_now() - started_at
            if waited.total_seconds() > self.timeout:
                self._give_up(
                    f"Sensor has timed out; run duration of {waited.total_seconds():.1f} seconds exceeds "
                    f"the specified timeout of {self.timeout:g}."
                )
            if self.reschedule:
                looks_before = self._looks_within(waited) if self.exponential_backoff else 0
                raise AirflowRescheduleException(utc_now() + self._pause_after(looks_before))
            pause(self._pause_after(looks).total_seconds())
            looks += 1
        self.log.info("Success criteria met. Exiting.")
        return found.xcom_value if isinstance(found, PokeReturnValue) else None

    def _first_look_at(self, context: Mapping[str, Any]) -> datetime:
        """Return when this try looked for the first time, which may have been in an earlier process."""
        first: datetime | None = context["ti"].get_first_reschedule_date(context) if self.reschedule else None
        return first or utc_now()

    def _look(self, context: Context) -> bool | PokeReturnValue:
        try:
            return self.poke(context)
        except (AirflowSkipException, AirflowRescheduleException):
            raise
        except (AirflowSensorTimeout, AirflowFailException) as error:
            self._give_up(str(error), error)
        except Exception as error:
            if self.never_fail:
                raise AirflowSkipException(f"Skipping due to never_fail: {error}") from error
            if not self.silent_fail:
                raise
            self.log.exception("This look failed; the sensor goes on because of silent_fail")
        return False

    def _give_up(self, reason: str, error: Exception | None = None) -> None:
        if self.soft_fail or self.never_fail:
            raise AirflowSkipException(reason) from error
        raise error or AirflowSensorTimeout(reason)

    def _pause_after(self, looks: int) -> timedelta:
        """Return the wait after ``looks`` earlier looks: constant, or doubled up to ``max_wait``."""
        pause = timedelta(seconds=self.poke_interval)
        if self.exponential_backoff:
            pause *= 2 ** min(looks, MAX_DOUBLINGS)
        return pause if self.max_wait is None else min(pause, timedelta(seconds=self.max_wait))

    def _looks_within(self, waited: timedelta) -> int:
        """Return how many looks there were if the wait doubled: a sensor that reschedules cannot count."""
        if not self.poke_interval:
            return 0
        return floor(log2(waited.total_seconds() / self.poke_interval + 1))

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Go on after a deferral; a trigger's failure or time-out is the sensor's own.

        Raises:
            AirflowSensorTimeout: the trigger did not fire in time.
            AirflowSkipException: nor was that, or an error, to fail the task.
        """
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except TaskDeferralTimeout as error:
            self._give_up(str(error), AirflowSensorTimeout(str(error)))
        except (AirflowSkipException, AirflowRescheduleException):
            raise
        except (AirflowException, TaskDeferralError) as error:
            self._give_up(str(error), error)


class SensorArgumentError(AirflowException, ValueError):
    """A sensor was made with arguments that make no sense."""


def poke_mode_only(cls: SensorClass) -> SensorClass:
    """Decorate a sensor class that cannot be rescheduled, because it keeps things open between two looks."""
    if not issubclass(cls, BaseSensorOperator):
        raise SensorArgumentError(f"poke_mode_only is for sensor classes, got {cls!r}")
    make: Callable[..., None] = cls.__init__

    def checked(self: Any, **kwargs: Any) -> None:
        make(self, **kwargs)
        if self.mode != "poke":
            raise SensorArgumentError(
                f"Cannot set mode to {self.mode!r}. Only 'poke' is acceptable for {cls.__name__}"
            )

    cls.__init__ = checked  # type: ignore[method-assign]  # what a class decorator is for
    return cls


def _seconds(value: timedelta | float, name: str, task_id: str) -> float:
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
        raise SensorArgumentError(
            f"{name} of sensor {task_id!r} must be a timedelta or seconds, 0 or more, got {value!r}"
        )
    return seconds

"""The base of sensors: looking, waiting, giving up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from etesian.foundation.clock import utc_now
from etesian.sdk.dags.dag import DAG
from etesian.sdk.exceptions import (
    AirflowFailException,
    AirflowRescheduleException,
    AirflowSensorTimeout,
    AirflowSkipException,
)
from etesian.sdk.tasks.operator import TRIGGER_FAIL_REPR, TRIGGER_TIMEOUT
from etesian.sensors.base import (
    BaseSensorOperator,
    PokeReturnValue,
    SensorArgumentError,
    poke_mode_only,
)
from tests.unit.memory_platform import DAY, make_context


class Looks(BaseSensorOperator):
    """Finds what a list says, look by look; an exception in it is raised."""

    def __init__(self, *, finds: list[Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.finds = finds

    def poke(self, context: Any) -> Any:
        found = self.finds.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture(autouse=True)
def dag() -> Iterator[DAG]:
    with DAG("dag", start_date=DAY) as made:
        yield made


def looks(*finds: Any, **arguments: Any) -> Looks:
    return Looks(
        task_id="look", finds=list(finds), poke_interval=arguments.pop("poke_interval", 0.001), **arguments
    )


def run(sensor: Looks, **context: Any) -> Any:
    return sensor.execute(make_context(sensor, **context))


def test_a_sensor_looks_until_it_finds() -> None:
    sensor = looks(False, False, True, "never looked at")
    assert run(sensor) is None
    assert sensor.finds == ["never looked at"]


def test_a_look_may_give_the_result() -> None:
    assert run(looks(PokeReturnValue(False, "early"), PokeReturnValue(True, {"rows": 3}))) == {"rows": 3}


def test_a_time_out_fails_or_skips() -> None:
    with pytest.raises(AirflowSensorTimeout, match="exceeds the specified timeout of 0"):
        run(looks(False, timeout=0))
    for option in ("soft_fail", "never_fail"):
        with pytest.raises(AirflowSkipException, match="timed out"):
            run(Looks(task_id=option, finds=[False], timeout=0, **{option: True}))


def test_a_rescheduling_sensor_gives_its_slot_back() -> None:
    with pytest.raises(AirflowRescheduleException) as caught:
        run(looks(False, mode="reschedule", poke_interval=600))
    assert 590 < (caught.value.reschedule_date - utc_now()).total_seconds() <= 600


def test_the_time_of_a_rescheduling_sensor_counts_from_its_first_look() -> None:
    sensor = looks(False, mode="reschedule", timeout=3600, poke_interval=60)
    with pytest.raises(AirflowSensorTimeout):
        run(sensor, started_at=utc_now() - timedelta(hours=2))
    with pytest.raises(AirflowRescheduleException):
        run(Looks(task_id="b", finds=[False], mode="reschedule"), started_at=utc_now() - timedelta(hours=2))


def test_the_wait_doubles_up_to_its_bound() -> None:
    sensor = looks(poke_interval=10, exponential_backoff=True, max_wait=timedelta(seconds=60))
    assert [sensor._pause_after(number).total_seconds() for number in range(5)] == [10, 20, 40, 60, 60]
    assert sensor._pause_after(10**9) == timedelta(seconds=60)
    assert [sensor._looks_within(timedelta(seconds=waited)) for waited in (0, 10, 30, 70)] == [0, 1, 2, 3]


def test_the_doubled_wait_of_a_rescheduling_sensor_follows_from_the_time_it_waited() -> None:
    sensor = looks(False, mode="reschedule", poke_interval=10, exponential_backoff=True)
    with pytest.raises(AirflowRescheduleException) as caught:
        run(sensor, started_at=utc_now() - timedelta(seconds=71))
    assert 75 < (caught.value.reschedule_date - utc_now()).total_seconds() <= 80


@pytest.mark.parametrize(
    ("error", "option", "expected"),
    [
        (RuntimeError("broken"), None, RuntimeError),
        (RuntimeError("broken"), "soft_fail", RuntimeError),
        (RuntimeError("broken"), "never_fail", AirflowSkipException),
        (AirflowFailException("no"), None, AirflowFailException),
        (AirflowFailException("no"), "soft_fail", AirflowSkipException),
        (AirflowFailException("no"), "never_fail", AirflowSkipException),
        (AirflowSensorTimeout("late"), "soft_fail", AirflowSkipException),
        (AirflowSkipException("skip"), None, AirflowSkipException),
    ],
)
def test_an_error_of_a_look_fails_or_skips(
    error: Exception, option: str | None, expected: type[Exception]
) -> None:
    with pytest.raises(expected):
        run(looks(error, **({option: True} if option else {})))


def test_a_silent_sensor_goes_on_after_an_error() -> None:
    assert run(looks(RuntimeError("broken"), True, silent_fail=True)) is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mode": "sleep"}, "must be poke or reschedule, got 'sleep'"),
        ({"poke_interval": -1}, "poke_interval of sensor 'look' must be"),
        ({"timeout": "1h"}, "timeout of sensor 'look' must be"),
        ({"max_wait": True}, "max_wait of sensor 'look' must be"),
        ({"soft_fail": True, "never_fail": True}, "cannot have both"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(SensorArgumentError, match=message):
        looks(**arguments)


def test_times_may_be_timedeltas() -> None:
    sensor = looks(poke_interval=timedelta(minutes=1), timeout=timedelta(hours=1))
    assert (sensor.poke_interval, sensor.timeout) == (60, 3600)
    assert Looks(task_id="plain", finds=[]).timeout == 7 * 24 * 3600


@pytest.mark.parametrize(
    ("error", "option", "expected"),
    [
        (TRIGGER_TIMEOUT, None, AirflowSensorTimeout),
        (TRIGGER_TIMEOUT, "soft_fail", AirflowSkipException),
        ("the trigger broke", "soft_fail", AirflowSkipException),
    ],
)
def test_a_failed_trigger_is_the_sensors_failure(
    error: str, option: str | None, expected: type[Exception]
) -> None:
    sensor = looks(**({option: True} if option else {}))
    with pytest.raises(expected):
        sensor.resume_execution(TRIGGER_FAIL_REPR, {"error": error}, make_context(sensor))


def test_a_class_that_keeps_things_open_refuses_to_be_rescheduled(dag: DAG) -> None:
    @poke_mode_only
    class KeepsOpen(Looks):
        """Holds a connection."""

    make: Callable[..., Any] = KeepsOpen
    assert make(task_id="a", finds=[]).mode == "poke"
    with pytest.raises(SensorArgumentError, match=r"'reschedule'\. Only 'poke' is acceptable for KeepsOpen"):
        make(task_id="b", finds=[], mode="reschedule")
    dag.default_args["mode"] = "reschedule"
    with pytest.raises(SensorArgumentError):
        make(task_id="c", finds=[])

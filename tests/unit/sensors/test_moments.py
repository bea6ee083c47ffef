"""Sensors that wait for a moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from etesian.foundation.clock import utc_now
from etesian.sdk.dags.dag import DAG
from etesian.sdk.exceptions import TaskDeferred
from etesian.sensors.base import SensorArgumentError
from etesian.sensors.date_time import DateTimeSensor, DateTimeSensorAsync
from etesian.sensors.time import TimeSensor, TimeSensorAsync
from etesian.sensors.time_delta import TimeDeltaSensor, TimeDeltaSensorAsync, WaitSensor
from etesian.sensors.weekday import DayOfWeekSensor
from tests.unit.memory_platform import DAY, make_context


@pytest.fixture(autouse=True)
def dag() -> Iterator[DAG]:
    with DAG("dag", start_date=datetime(2030, 1, 1, tzinfo=ZoneInfo("America/New_York"))) as made:
        yield made


def test_a_time_is_meant_on_the_day_of_the_first_look_in_the_zone_of_the_dag() -> None:
    sensor = TimeSensor(task_id="t", target_time=time(20, 30), mode="reschedule")
    first_look = datetime(2030, 6, 2, 1, 0, tzinfo=UTC)  # still the evening before in New York
    assert sensor.find_moment(make_context(sensor, started_at=first_look)) == datetime(
        2030, 6, 2, 0, 30, tzinfo=UTC
    )
    own_zone = TimeSensor(task_id="u", target_time=time(20, 30, tzinfo=UTC), mode="reschedule")
    assert own_zone.find_moment(make_context(own_zone, started_at=first_look)).hour == 20


def test_a_delta_counts_from_the_end_of_the_interval_or_from_when_the_run_was_due() -> None:
    sensor = TimeDeltaSensor(task_id="t", delta=timedelta(hours=2))
    with_interval = make_context(sensor, data_interval_start=DAY, data_interval_end=DAY + timedelta(days=1))
    assert sensor.find_moment(with_interval) == DAY + timedelta(days=1, hours=2)
    due = DAY + timedelta(hours=5)
    without = make_context(sensor, logical_date=None, run_after=due)
    assert sensor.find_moment(without) == due + timedelta(hours=2)


def test_a_delta_may_be_a_template_of_seconds() -> None:
    sensor = TimeDeltaSensor(task_id="t", delta="{{ 60 * 2 }}")
    context = make_context(sensor, data_interval_end=DAY, data_interval_start=DAY)
    sensor.render_template_fields(context)
    assert sensor.find_moment(context) == DAY + timedelta(minutes=2)


@pytest.mark.parametrize("target", [DAY, "2030-01-01T00:00:00+00:00", "{{ logical_date }}", "{{ ds }}"])
def test_a_date_may_be_a_datetime_text_or_template(target: Any) -> None:
    sensor = DateTimeSensor(task_id="t", target_time=target)
    context = make_context(sensor)
    sensor.render_template_fields(context)
    assert sensor.find_moment(context) == DAY


def test_a_date_of_another_type_is_refused() -> None:
    with pytest.raises(SensorArgumentError, match="must be a datetime or text, got 5"):
        DateTimeSensor(task_id="t", target_time=5)  # type: ignore[arg-type]


def test_a_moment_that_has_passed_is_found_at_once_in_every_way_of_waiting() -> None:
    past = utc_now() - timedelta(minutes=1)
    for number, made in enumerate((DateTimeSensor, DateTimeSensorAsync)):
        sensor = made(task_id=f"t{number}", target_time=past)
        assert sensor.execute(make_context(sensor)) is None


@pytest.mark.parametrize(
    "sensor_of",
    [
        lambda moment: DateTimeSensorAsync(
            task_id="t", target_time=moment, timeout=60, end_from_trigger=True
        ),
        lambda moment: DateTimeSensor(
            task_id="t", target_time=moment, deferrable=True, timeout=60, end_from_trigger=True
        ),
    ],
)
def test_a_deferrable_sensor_waits_on_the_triggerer(sensor_of: Any) -> None:
    moment = utc_now() + timedelta(hours=1)
    sensor = sensor_of(moment)
    with pytest.raises(TaskDeferred) as caught:
        sensor.execute(make_context(sensor))
    signal = caught.value
    assert (signal.method_name, signal.timeout) == ("execute_complete", timedelta(seconds=60))
    assert signal.trigger.serialize() == (
        "etesian.triggers.temporal.DateTimeTrigger",
        {"moment": moment, "end_from_trigger": True},
    )
    assert sensor.execute_complete(make_context(sensor), "2030-01-01") is None


def test_the_async_names_defer() -> None:
    assert TimeSensorAsync(task_id="a", target_time=time(1)).deferrable
    assert TimeDeltaSensorAsync(task_id="b", delta=timedelta(1)).deferrable


def test_a_wait_counts_from_the_first_look_and_looks_when_the_time_is_up() -> None:
    sensor = WaitSensor(task_id="t", time_to_wait=timedelta(seconds=0.02))
    begun = utc_now()
    sensor.execute(make_context(sensor))
    assert utc_now() - begun >= timedelta(seconds=0.02)
    assert sensor.poke_interval == 0.02


def test_the_week_day_of_the_logical_date_is_waited_for() -> None:
    sensor = DayOfWeekSensor(task_id="t", week_day="Tuesday", use_task_logical_date=True)
    assert sensor.poke(make_context(sensor))
    assert not sensor.poke(make_context(sensor, logical_date=DAY + timedelta(days=1)))
    any_day = DayOfWeekSensor(
        task_id="u", week_day=["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    )
    assert any_day.poke(make_context(any_day))

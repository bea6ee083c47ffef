from datetime import UTC, datetime

import pytest

from etesian.spec.asset import AssetSpec
from etesian.spec.schedule import (
    AssetOrTimeSchedule,
    AssetSchedule,
    ContinuousSchedule,
    CronIntervalSchedule,
    CronTriggerSchedule,
    CustomSchedule,
    DeltaIntervalSchedule,
    DeltaTriggerSchedule,
    EventsSchedule,
    NoSchedule,
    OnceSchedule,
)
from etesian.timetables import describe

ASSET = AssetSpec(name="orders", uri="s3://orders")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("* * * * *", "Every minute"),
        ("*/15 * * * *", "Every 15 minutes"),
        ("@hourly", "Every hour"),
        ("5 * * * *", "Every hour at minute 5"),
        ("0 16 * * *", "At 16:00"),
        ("0 6,18 * * *", "At 06:00 and 18:00"),
        ("30 9 * * MON-FRI", "At 09:30, Monday to Friday"),
        ("0 0 * * 6,0", "At 00:00, on Sunday and Saturday"),
        ("@monthly", "At 00:00, on day 1 of the month"),
        ("0 0 L 3 *", "At 00:00, on day the last of the month, in March"),
        ("0 0 1 * 1", "At 00:00, on day 1 of the month or on Monday"),
        ("*/7 9-17 * * *", "Cron */7 9-17 * * *"),
        ("0 0 * * 1#2", "Cron 0 0 * * 1#2"),
    ],
)
def test_cron_in_words(text, words):
    assert describe(CronTriggerSchedule(expressions=(text,))) == words


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (NoSchedule(), "Only when triggered"),
        (OnceSchedule(), "Once, as soon as possible"),
        (ContinuousSchedule(), "Again as soon as the run before has ended"),
        (
            CronTriggerSchedule(expressions=("0 6 * * *",), timezone="Europe/Berlin"),
            "At 06:00 (Europe/Berlin)",
        ),
        (CronIntervalSchedule(expression="@daily"), "At 00:00, for the period before"),
        (DeltaTriggerSchedule(seconds=5400), "Every 1 hour 30 minutes"),
        (DeltaTriggerSchedule(seconds=0.5), "Every 0.5 seconds"),
        (DeltaIntervalSchedule(months=14), "Every 1 year 2 months, for the period before"),
        (EventsSchedule(dates=(datetime(2026, 1, 1, tzinfo=UTC),)), "1 fixed moment"),
        (AssetSchedule(condition=ASSET), "When its assets are updated"),
        (
            AssetOrTimeSchedule(condition=ASSET, timetable=DeltaTriggerSchedule(seconds=86400)),
            "When its assets are updated, and: Every 1 day",
        ),
        (CustomSchedule(class_path="plugins.workday.AfterWorkday"), "AfterWorkday"),
    ],
)
def test_every_schedule_in_words(schedule, words):
    assert describe(schedule) == words

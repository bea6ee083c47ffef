"""Cron expressions on the wall clock. Expected dates are those that Airflow's own cron library gives."""

from datetime import datetime
from itertools import islice

import pytest

from etesian.timetables.cron import parse_cron
from etesian.timetables.errors import InvalidCronError

NEW_YEAR = datetime(2026, 1, 1)  # a Thursday


def next_days(text: str, count: int = 3) -> list[str]:
    def walk():
        moment = parse_cron(text).after(NEW_YEAR)
        while moment is not None:
            yield str(moment)
            moment = parse_cron(text).after(moment)

    return list(islice(walk(), count))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@daily", ["2026-01-02 00:00:00", "2026-01-03 00:00:00", "2026-01-04 00:00:00"]),
        ("@midnight", ["2026-01-02 00:00:00", "2026-01-03 00:00:00", "2026-01-04 00:00:00"]),
        ("@annually", ["2027-01-01 00:00:00", "2028-01-01 00:00:00", "2029-01-01 00:00:00"]),
        ("@quarterly", ["2026-04-01 00:00:00", "2026-07-01 00:00:00", "2026-10-01 00:00:00"]),
        ("  0   0 * * * ", ["2026-01-02 00:00:00", "2026-01-03 00:00:00", "2026-01-04 00:00:00"]),
        ("5/15 * * * *", ["2026-01-01 00:05:00", "2026-01-01 00:20:00", "2026-01-01 00:35:00"]),
        ("0 22-2 * * *", ["2026-01-01 01:00:00", "2026-01-01 02:00:00", "2026-01-01 22:00:00"]),
        ("0 0 * * fri-mon", ["2026-01-02 00:00:00", "2026-01-03 00:00:00", "2026-01-04 00:00:00"]),
        ("0 0 * * 5-7", ["2026-01-02 00:00:00", "2026-01-03 00:00:00", "2026-01-04 00:00:00"]),
        ("0 0 * * 0-7", ["2026-01-02 00:00:00", "2026-01-03 00:00:00", "2026-01-04 00:00:00"]),
        ("0 0 * * 6-0", ["2026-01-03 00:00:00", "2026-01-04 00:00:00", "2026-01-10 00:00:00"]),
        ("0 0 ? * 1", ["2026-01-05 00:00:00", "2026-01-12 00:00:00", "2026-01-19 00:00:00"]),
        ("0 0 * JAN-MAR mon,wed", ["2026-01-05 00:00:00", "2026-01-07 00:00:00", "2026-01-12 00:00:00"]),
        ("0 0 L * *", ["2026-01-31 00:00:00", "2026-02-28 00:00:00", "2026-03-31 00:00:00"]),
        ("0 0 l,15 * *", ["2026-01-15 00:00:00", "2026-01-31 00:00:00", "2026-02-15 00:00:00"]),
        ("0 0 15W * *", ["2026-01-15 00:00:00", "2026-02-16 00:00:00", "2026-03-16 00:00:00"]),
        ("0 0 * * L5", ["2026-01-30 00:00:00", "2026-02-27 00:00:00", "2026-03-27 00:00:00"]),
        ("0 0 * * sat#1", ["2026-01-03 00:00:00", "2026-02-07 00:00:00", "2026-03-07 00:00:00"]),
        ("0 0 * * 1#1,3#2", ["2026-01-05 00:00:00", "2026-01-14 00:00:00", "2026-02-02 00:00:00"]),
        ("0 0 29 2 *", ["2028-02-29 00:00:00", "2032-02-29 00:00:00", "2036-02-29 00:00:00"]),
        ("0 0 * * * 30 2030", ["2030-01-01 00:00:30", "2030-01-02 00:00:30", "2030-01-03 00:00:30"]),
        ("* * * * * */20", ["2026-01-01 00:00:20", "2026-01-01 00:00:40", "2026-01-01 00:01:00"]),
    ],
)
def test_an_expression_means_what_airflow_users_expect(text, expected):
    assert next_days(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 0 */2 * 1", ["2026-01-03 00:00:00", "2026-01-05 00:00:00", "2026-01-07 00:00:00"]),
        ("0 0 31 4,6 1", ["2026-04-06 00:00:00", "2026-04-13 00:00:00", "2026-04-20 00:00:00"]),
        ("0 0 1-31 * 1", ["2026-01-02 00:00:00", "2026-01-03 00:00:00", "2026-01-04 00:00:00"]),
    ],
)
def test_a_day_that_meets_one_of_two_restricted_day_fields_is_enough(text, expected):
    assert next_days(text) == expected


def test_the_last_time_before_a_moment_mirrors_the_next_one():
    expression = parse_cron("*/20 9-17 * * MON-FRI")
    assert expression.before(datetime(2026, 1, 5, 9)) == datetime(2026, 1, 2, 17, 40)
    assert expression.before(datetime(2026, 1, 5, 9, 0, 0, 1)) == datetime(2026, 1, 5, 9)
    assert expression.after(datetime(2026, 1, 2, 17, 40)) == datetime(2026, 1, 5, 9)


@pytest.mark.parametrize(
    ("text", "field", "names"),
    [
        ("60 0 * * *", "minute", "'60'; allowed: 0-59"),
        ("0 24 * * *", "hour", "'24'; allowed: 0-23"),
        ("0 0 0 * *", "day-of-month", "'0'; allowed: 1-31"),
        ("0 0 * 13 *", "month", "allowed: 1-12 or JAN-DEC"),
        ("0 0 * * 8", "day-of-week", "allowed: 0-6 or SUN-SAT"),
        ("0 0 * * MON#6", "day-of-week", "MON#6"),
        ("0 0 * * 5L", "day-of-week", "L5 for the last Friday"),
        ("0 0 * * foo,1", "day-of-week", "'FOO' in 'foo,1'"),
        ("*/0 * * * *", "minute", "'*/0'"),
        ("H H * * *", "minute", "'H'"),
        ("1,,2 * * * *", "minute", "''"),
        ("0 0 * * * 61", "second", "'61'"),
        ("0 0 30 2 *", "day-of-month", "no month has such a day"),
        ("0 0 31 4,6,9,11 *", "day-of-month", "no month has such a day"),
        ("0 0 29 2 * 0 2031", "day-of-month", "no month has such a day"),
        ("0 0", None, "it has 2 fields"),
        ("* * * * * * * *", None, "it has 8 fields"),
        ("", None, "it has 0 fields"),
        ("@fortnightly", None, "@weekly"),
        ("١ * * * *", "minute", "allowed: 0-59"),
    ],
)
def test_a_bad_expression_is_refused_by_name_of_the_field_with_what_is_allowed(text, field, names):
    with pytest.raises(InvalidCronError) as caught:
        parse_cron(text)
    assert caught.value.field == field
    assert repr(text) in str(caught.value)
    assert names in str(caught.value)

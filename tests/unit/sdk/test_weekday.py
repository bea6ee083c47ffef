"""Days of the week."""

from __future__ import annotations

import pytest

from etesian.sdk.time.weekday import UnknownWeekDayError, WeekDay


def test_days_are_understood_by_name_enumeration_and_collection() -> None:
    assert WeekDay.validate_week_day("Monday") == {1}
    assert WeekDay.validate_week_day({WeekDay.SUNDAY, "saturday"}) == {6, 7}
    assert WeekDay.get_weekday_number("TUESDAY") == 2


def test_a_text_that_names_no_day_is_refused() -> None:
    with pytest.raises(UnknownWeekDayError, match="there is no week day 'Someday'; there are Monday"):
        WeekDay.validate_week_day(["Monday", "Someday"])

"""What templates find under ``macros``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from etesian.foundation.clock import utc_now
from etesian.sdk.running import macros


def test_days_are_added_and_dates_are_formatted() -> None:
    assert macros.ds_add("2030-02-27", 2) == "2030-03-01"
    assert macros.ds_add("2030-01-01", 0) == "2030-01-01"
    assert macros.ds_format("2030-01-05", "%Y-%m-%d", "%m-%d-%y") == "01-05-30"


def test_distances_are_told_in_words() -> None:
    one = datetime(2030, 1, 1, tzinfo=UTC)
    assert macros.datetime_diff_for_humans(one, one + timedelta(days=1)) == "1 day before"
    assert macros.datetime_diff_for_humans(one + timedelta(days=1), one) == "1 day after"
    assert macros.datetime_diff_for_humans(utc_now() - timedelta(hours=3)) == "3 hours ago"


def test_modules_are_there_as_templates_expect() -> None:
    assert macros.dateutil.relativedelta.relativedelta(days=1).days == 1
    assert macros.pendulum.datetime(2030, 1, 1).year == 2030
    assert macros.json.dumps([1]) == "[1]"
    assert macros.datetime is datetime
    assert (macros.uuid, macros.random, macros.time, macros.timedelta) is not None
    assert 0 <= macros.random() < 1


def test_an_unknown_macro_is_named() -> None:
    with pytest.raises(AttributeError, match="there is no macro 'nothing'"):
        _ = macros.nothing


def test_locale_formats_say_what_they_need() -> None:
    with pytest.raises(macros.MissingLibraryError, match="pip install babel"):
        macros.ds_format_locale("2030-01-05", "%Y-%m-%d", "MMMM y", "de")

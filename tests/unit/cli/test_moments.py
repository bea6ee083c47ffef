from __future__ import annotations

from datetime import UTC, datetime

import pytest

from etesian.cli.moments import parse_moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2030-01-31", datetime(2030, 1, 31, tzinfo=UTC)),
        ("2030-01-31T16:00", datetime(2030, 1, 31, 16, tzinfo=UTC)),
        ("2030-01-31 16:00:05Z", datetime(2030, 1, 31, 16, 0, 5, tzinfo=UTC)),
        ("2030-01-31T16:00:00+02:00", datetime(2030, 1, 31, 14, tzinfo=UTC)),
    ],
)
def test_moments_without_a_zone_are_utc(text: str, moment: datetime) -> None:
    assert parse_moment(text) == moment


@pytest.mark.parametrize(
    "text", ["tomorrow", "2030-13-01", "", "0001-01-01T00:00+14:00", "9999-12-31T23:59-02:00"]
)
def test_other_texts_are_no_moments(text: str) -> None:
    with pytest.raises(ValueError):
        parse_moment(text)

from __future__ import annotations

from pathlib import Path

import pytest

from etesian.config.option import OptionInfo
from etesian.config.reference import render
from etesian.config.settings import SECTIONS, options_of

PAGE = Path(__file__).parents[3] / "docs" / "settings.md"
OPTIONS = [option for section in SECTIONS for option in options_of(section)]


def test_the_settings_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), (
        "python -m etesian.config.reference > docs/settings.md"
    )


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_option_says_what_it_means(option: OptionInfo) -> None:
    assert option.meaning.endswith(".")
    assert option.allowed()


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_numbers_in_seconds_say_so_in_their_name(option: OptionInfo) -> None:
    assert option.key.endswith("_seconds") == (option.unit == "seconds")

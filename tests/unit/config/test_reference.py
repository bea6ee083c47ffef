from __future__ import annotations

import pytest

from etesian.config.option import OptionInfo
from etesian.config.settings import SECTIONS, options_of

OPTIONS = [option for section in SECTIONS for option in options_of(section)]


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_option_says_what_it_means(option: OptionInfo) -> None:
    assert option.meaning.endswith(".")
    assert option.allowed()


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_numbers_in_seconds_say_so_in_their_name(option: OptionInfo) -> None:
    assert option.key.endswith("_seconds") == (option.unit == "seconds")

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import msgspec
import pytest

from etesian.foundation.json_errors import JSON_ERRORS, explain_json_error


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Part(msgspec.Struct, forbid_unknown_fields=True):
    colour: Colour | None = None


class Whole(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    parts: Annotated[list[Part], msgspec.Meta(max_length=3)] = []
    main_colour: Colour = Colour.RED
    made: datetime | None = None


def explained(text: bytes | str, shape: Any = Whole) -> str:
    with pytest.raises(JSON_ERRORS) as caught:
        msgspec.json.decode(text, type=shape)
    return explain_json_error(caught.value, shape)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "the JSON ends before it is complete"),
        ('{"mainColour": "green"}', "Invalid enum value 'green' - at `$.mainColour`; possible: red, blue"),
        (
            '{"parts": [{"colour": "green"}]}',
            "Invalid enum value 'green' - at `$.parts[0].colour`; possible: red, blue",
        ),
        (
            '{"parts": [{"size": 1}]}',
            "Object contains unknown field `size` - at `$.parts[0]`; possible: colour",
        ),
        ('{"size": 1}', "Object contains unknown field `size`; possible: parts, mainColour, made"),
        ('{"made": "x"}', "not a moment; write it as 2030-01-31T16:00:00Z - at `$.made`"),
    ],
)
def test_a_wrong_text_is_answered_with_what_is_possible(text: bytes | str, words: str) -> None:
    assert explained(text) == words


def test_a_text_that_is_nested_too_deeply_is_named_so() -> None:
    assert explained("[" * 200_000 + "]" * 200_000, Any) == "the JSON is nested too deeply"


def test_bytes_that_are_no_text_are_named_so() -> None:
    assert (
        explained(b'{"a": "\xff"}', dict[str, str]) == "the text is not UTF-8: invalid start byte at byte 0"
    )

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import yaml  # type: ignore[import-untyped]  # a reader for tests only
from hypothesis import given
from hypothesis import strategies as st

from etesian.cli.output import OutputFormat, print_record, print_rows
from etesian.cli.yaml_emitter import to_yaml

ROWS = [
    {"dag_id": "etl", "is_paused": True, "next_run": datetime(2030, 1, 1, 6, tzinfo=UTC), "tags": ["a", "b"]},
    {"dag_id": "tab\there", "is_paused": False, "next_run": None, "tags": []},
]
COLUMNS = ("dag_id", "is_paused", "next_run", "tags")

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def test_json_and_yaml_hold_the_same_data(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(ROWS, OutputFormat.JSON, columns=COLUMNS, nothing="")
    as_json = capsys.readouterr().out
    print_rows(ROWS, OutputFormat.YAML, columns=COLUMNS, nothing="")
    as_yaml = capsys.readouterr().out

    assert json.loads(as_json) == yaml.safe_load(as_yaml)
    assert json.loads(as_json)[0] == {
        "dag_id": "etl",
        "is_paused": True,
        "next_run": "2030-01-01T06:00:00Z",
        "tags": ["a", "b"],
    }


def test_plain_is_one_line_per_row_with_tabs_between(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(ROWS, OutputFormat.PLAIN, columns=COLUMNS, nothing="")

    assert capsys.readouterr().out.splitlines() == [
        "dag_id\tis_paused\tnext_run\ttags",
        "etl\tyes\t2030-01-01 06:00:00 UTC\ta, b",
        "tab\\there\tno\t\t",
    ]


def test_a_table_into_a_pipe_is_not_cut_to_a_width(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([{"name": "x" * 300}], OutputFormat.TABLE, columns=("name",), nothing="")

    assert "x" * 300 in capsys.readouterr().out


def test_text_that_looks_like_markup_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    print_record({"note": "[bold]no[/bold] [red"}, OutputFormat.TABLE)

    assert "[bold]no[/bold] [red" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("output", "expected"),
    [("table", "There are none.\n"), ("json", "[]\n"), ("yaml", "[]\n"), ("plain", "name\n")],
)
def test_nothing_is_said_in_words_only_to_people(
    capsys: pytest.CaptureFixture[str], output: str, expected: str
) -> None:
    print_rows([], OutputFormat(output), columns=("name",), nothing="There are none.")

    assert capsys.readouterr().out == expected


@given(json_values)
def test_yaml_says_what_json_says(value: object) -> None:
    assert yaml.safe_load(to_yaml(value)) == value


@pytest.mark.parametrize(
    "text", ["yes", "null", "1.5", "2030-01-01", "- a", "a: b", "", "\u2028", "# no", "0x1f"]
)
def test_yaml_keeps_text_that_looks_like_something_else(text: str) -> None:
    assert yaml.safe_load(to_yaml({text: [text]})) == {text: [text]}

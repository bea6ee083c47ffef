"""What the pages show works, and where they point there is something."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.page import Block, Reader, blocks_of, matches

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").glob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:)(?P<target>[^)#\s]*)(?:#(?P<anchor>[^)\s]*))?\)")

by_name = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@by_name
def test_the_code_of_a_page_runs(page: Path, tmp_path: Path) -> None:
    with Reader(tmp_path) as reader:
        for block in blocks_of(page):
            reader.follow(block)


@by_name
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in LINK.finditer(text):
        target = (page.parent / link["target"]) if link["target"] else page
        assert target.exists(), f"{page.name} points to {link['target']}, which is not there"
        if link["anchor"] and target.suffix == ".md":
            assert link["anchor"] in anchors_of(target), f"{target.name} has no heading #{link['anchor']}"


def anchors_of(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_a_page_that_shows_a_wrong_output_is_noticed(tmp_path: Path) -> None:
    wrong = Block(page=tmp_path / "page.md", line=1, language="console", text="$ echo yes\nno\n")
    with pytest.raises(AssertionError, match="expected"):
        Reader(tmp_path).follow(wrong)


def test_a_page_that_shows_failing_code_is_noticed(tmp_path: Path) -> None:
    wrong = Block(page=tmp_path / "page.md", line=7, language="python", text="1 / 0\n")
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        Reader(tmp_path).follow(wrong)


@pytest.mark.parametrize(
    ("expected", "got", "same"),
    [
        ("a 1.5 s", "a    2 s\n", True),
        ("a\n...\nz", "a\nz", True),
        ("a\n...\nz", "a\nb\nc\nz", True),
        ("a\n...", "a\nb\nc", True),
        ("...\nz", "b\nc\nz", True),
        ("a\n...\nz", "a\nb", False),
        ("a", "ab", False),
    ],
)
def test_outputs_are_compared_by_words(expected: str, got: str, same: bool) -> None:
    assert matches(expected, got) is same


def test_the_journey_names_only_what_exists() -> None:
    journey = ROOT / "docs" / "journey.md"
    for name, target in re.findall(r"\[`(\w+)`\]\((\S+\.py)\)", journey.read_text(encoding="utf-8")):
        source = (journey.parent / target).resolve()
        is_defined = re.search(
            rf"^(class|def) {name}\b", source.read_text(encoding="utf-8"), flags=re.MULTILINE
        )
        assert is_defined or source.stem == name or name in source.parts, f"{source} does not define {name}"

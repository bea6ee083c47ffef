"""Generated pages are what the code would generate now."""

from __future__ import annotations

import pytest

from scripts.generate_docs import GENERATED, ROOT


@pytest.mark.parametrize("name", GENERATED)
def test_a_generated_page_is_up_to_date(name: str) -> None:
    page = ROOT / "docs" / name
    assert page.read_text(encoding="utf-8") == GENERATED[name](), "run `make docs` and commit the result"

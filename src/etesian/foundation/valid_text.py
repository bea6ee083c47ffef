"""Text that UTF-8 cannot write: Python gives names of files that are not UTF-8 with lone surrogates in them."""

from __future__ import annotations


def as_valid_text(text: str) -> str:
    r"""Return text that can be written, what cannot be in escapes.

    >>> as_valid_text("x\udce9"), as_valid_text("xé")
    ('x\\udce9', 'xé')
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def is_valid_text(text: str) -> bool:
    r"""Return whether UTF-8 can write a text.

    >>> is_valid_text("x\udce9"), is_valid_text("xé")
    (False, True)
    """
    return as_valid_text(text) == text

"""Plain data as YAML: enough for what commands print, so that no YAML library is needed to run Etesian.

Texts are quoted as JSON quotes them, which is YAML as well; so there is no text that a reader takes for a
number, a date or a flag.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

_PLAIN_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: Characters that YAML wants escaped and JSON does not.
_NOT_PRINTABLE: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
#: Words that YAML readers take for flags.
_RESERVED: Final = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


def to_yaml(value: object) -> str:
    """Return JSON-like data (dicts with text keys, lists, texts, numbers, flags, None) as a YAML document.

    >>> print(to_yaml([{"dag_id": "etl", "tags": ["daily"]}]), end="")
    - dag_id: "etl"
      tags:
        - "daily"
    """
    return "\n".join(_lines(value)) + "\n"


def _lines(value: object) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _entry(f"{_key(str(key))}:", item)
    elif isinstance(value, list | tuple) and value:
        for item in value:
            head, *rest = _lines(item)
            yield f"- {head}"
            yield from (f"  {line}" for line in rest)
    else:
        yield _scalar(value)


def _entry(head: str, item: object) -> Iterator[str]:
    if isinstance(item, dict | list | tuple) and item:
        yield head
        yield from (f"  {line}" for line in _lines(item))
    else:
        yield f"{head} {next(_lines(item))}"


def _key(name: str) -> str:
    if _PLAIN_KEY.fullmatch(name) and name.lower() not in _RESERVED:
        return name
    return _scalar(name)


def _scalar(value: object) -> str:
    text = msgspec.json.encode(value).decode()
    if isinstance(value, float) and "e" in text:
        # YAML knows an exponent only after a point, and only with a sign.
        mantissa, _, exponent = text.partition("e")
        return f"{mantissa if '.' in mantissa else f'{mantissa}.0'}e{int(exponent):+d}"
    return _NOT_PRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)

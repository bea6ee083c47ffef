"""``.airflowignore`` and ``.etesianignore``: which files of a bundle are not looked at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

IgnoreSyntax = Literal["glob", "regexp"]

AIRFLOW_IGNORE: Final = ".airflowignore"
ETESIAN_IGNORE: Final = ".etesianignore"


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """One line of an ignore file."""

    pattern: re.Pattern[str]
    base: str  #: folder of the ignore file, relative to the bundle, ``""`` or ending with a slash
    is_negated: bool = False
    folders_only: bool = False

    def matches(self, path: str, is_folder: bool) -> bool:
        """Return whether the rule is about ``path``, relative to the bundle."""
        if self.folders_only and not is_folder:
            return False
        return path.startswith(self.base) and self.pattern.search(path[len(self.base) :]) is not None


def parse_ignore_file(text: str, base: str, syntax: IgnoreSyntax) -> list[IgnoreRule]:
    """Return the rules of an ignore file in folder ``base``. A line that is not a valid pattern is left out.

    ``glob`` is the syntax of ``.gitignore``; ``regexp`` lines match anywhere in the path below ``base``.
    """
    make = _glob_rule if syntax == "glob" else _regexp_rule
    rules = (make(line.rstrip("\r"), base) for line in text.split("\n"))
    return [rule for rule in rules if rule is not None]


def is_ignored(rules: Sequence[IgnoreRule], path: str, is_folder: bool) -> bool:
    """Return whether a file or folder is not looked at. The last rule that matches decides."""
    for rule in reversed(rules):
        if rule.matches(path, is_folder):
            return not rule.is_negated
    return False


def _regexp_rule(line: str, base: str) -> IgnoreRule | None:
    text = re.sub(r"\s*#.*", "", line).strip()
    return _rule(text, base) if text else None


def _glob_rule(line: str, base: str) -> IgnoreRule | None:
    text = re.sub(r"(?<!\\)\s+$", "", line)
    if not text or text.startswith("#"):
        return None
    is_negated = text.startswith("!")
    text = text.removeprefix("!").removeprefix("\\") if text.startswith(("!", "\\#", "\\!")) else text
    folders_only = text.endswith("/")
    text = text.rstrip("/")
    anchored = "/" in text
    expression = "".join(_glob_parts(text.lstrip("/")))
    start = "^" if anchored else "(?:^|/)"
    return _rule(f"{start}{expression}$", base, is_negated, folders_only)


def _rule(
    expression: str, base: str, is_negated: bool = False, folders_only: bool = False
) -> IgnoreRule | None:
    try:
        return IgnoreRule(re.compile(expression), base, is_negated, folders_only)
    except re.error:
        return None


def _glob_parts(text: str) -> Iterable[str]:
    """Yield the regular expression of a ``.gitignore`` pattern, piece by piece."""
    position = 0
    while position < len(text):
        rest = text[position:]
        if rest.startswith("**/"):
            yield "(?:.*/)?"
            position += 3
        elif rest == "**":
            yield ".+"
            position += 2
        elif rest.startswith("["):
            piece, length = _character_class(rest)
            yield piece
            position += length
        elif rest.startswith("\\") and len(rest) > 1:
            yield re.escape(rest[1])
            position += 2
        else:
            yield {"*": "[^/]*", "?": "[^/]"}.get(rest[0]) or re.escape(rest[0])
            position += 1


def _character_class(rest: str) -> tuple[str, int]:
    end = rest.find("]", 2)
    if end < 0:
        return re.escape("["), 1
    body = rest[1:end].replace("\\", "\\\\")
    return f"[{'^' + body[1:] if body.startswith(('!', '^')) else body}]", end + 1

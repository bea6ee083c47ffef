"""Executes the fenced code blocks of a Markdown page, so that no page shows what does not work.

What a block means is said by its language:

- ``python``: executed. After ``<!-- file: NAME -->`` it is written to that file instead.
- ``console``: each line that begins with ``$`` is executed by bash; the lines after it are its output.
  ``...`` on a line of its own stands for any lines; numbers and white space are not compared.
- ``toml`` and ``json``: must be well formed.
- After ``<!-- not run: REASON -->`` a block is left alone.

The blocks of one page share a folder, in order; it is the home of Etesian, too.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(
    r"^(?:<!-- *(?P<directive>[^\n]*?) *-->\n+)?^(?P<fence>```+)(?P<language>\w*)\n(?P<text>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)
_ANY_LINES = "..."


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced block."""

    page: Path
    line: int  #: of its first line of code
    language: str
    text: str
    file: str | None = None
    is_run: bool = True

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks_of(page: Path) -> Iterator[Block]:
    """Yield the blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    for found in _BLOCK.finditer(text):
        kind, _, value = (found["directive"] or "").partition(":")
        yield Block(
            page=page,
            line=text.count("\n", 0, found.start("text")) + 1,
            language=found["language"],
            text=found["text"],
            file=value.strip() if kind == "file" else None,
            is_run=kind != "not run",
        )


def execute(block: Block, folder: Path) -> None:
    """Do what the block's language asks for; raise ``AssertionError`` if the page is wrong."""
    if not block.is_run:
        return
    if block.file is not None:
        target = folder / block.file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(block.text, encoding="utf-8")
        return
    match block.language:
        case "python":
            _run_python(block, folder)
        case "console":
            _run_commands(block, folder)
        case "toml":
            tomllib.loads(block.text)
        case "json":
            json.loads(block.text)


def _run_python(block: Block, folder: Path) -> None:
    code = "\n" * (block.line - 1) + block.text  # so that a traceback shows the page's line numbers
    ended = _run([sys.executable, "-c", code], folder)
    assert ended.returncode == 0, f"{block}: {ended.stdout}"


def _run_commands(block: Block, folder: Path) -> None:
    for command, expected in _commands(block.text):
        ended = _run(["bash", "-c", command], folder)
        where = f"{block}: $ {command}"
        assert ended.returncode == 0, f"{where}\nexit code {ended.returncode}\n{ended.stdout}"
        assert not expected or matches(expected, ended.stdout), (
            f"{where}\n--- expected\n{expected}--- got\n{ended.stdout}"
        )


def _commands(text: str) -> Iterator[tuple[str, str]]:
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        yield command, expected


def matches(expected: str, got: str) -> bool:
    """Return whether ``got`` is what ``expected`` shows.

    >>> matches("done in 0.2 s\\n...\\nend", "done   in 1.7 s\\na\\nb\\nend\\n")
    True
    >>> matches("done", "failed")
    False
    """
    pattern = "\n".join("(?:.*)" if line == _ANY_LINES else re.escape(line) for line in _plain(expected))
    pattern = pattern.replace("(?:.*)\n", "(?:.*\n)*?").replace("\n(?:.*)", "(?:\n.*)*")
    return re.fullmatch(pattern, "\n".join(_plain(got))) is not None


def _plain(text: str) -> list[str]:
    lines = (re.sub(r"\d+(\.\d+)?", "#", " ".join(line.split())) for line in text.strip().splitlines())
    return [line for line in lines if line]


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ETESIAN")}
    environment |= {
        "PATH": f"{Path(sys.executable).parent}:{environment.get('PATH', os.defpath)}",
        "ETESIAN_HOME": str(folder / "home"),
        "COLUMNS": "110",
        "NO_COLOR": "1",
    }
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=100,
        check=False,
    )

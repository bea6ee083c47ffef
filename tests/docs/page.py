"""Executes the fenced code blocks of a Markdown page, so that no page shows what does not work.

What a block means is said by its language:

- ``python``: executed. After ``<!-- file: NAME -->`` it is written to that file instead.
- ``console``: each line that begins with ``$`` is executed by bash; the lines after it are its output.
  ``...`` on a line of its own stands for any lines; numbers and white space are not compared.
- ``toml`` and ``json``: must be well formed.
- After ``<!-- platform -->`` a real platform is started instead, on the folder ``dags``. The commands
  that follow work on it, and each gets some seconds to succeed: what it asks about takes a moment.
- After ``<!-- not run: REASON -->`` a block is left alone.

The blocks of one page share a folder, in order; Etesian's home is in there, too.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.e2e.harness import Standalone, make_environment, running_standalone

_BLOCK = re.compile(
    r"^(?:<!-- *(?P<directive>[^\n]*?) *-->\n+)?^(?P<fence>```+)(?P<language>\w*)\n(?P<text>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)
_ANY_LINES: Final = "..."
#: The address that pages show.
_SHOWN_ADDRESS: Final = "localhost:8080"
#: How long a command may be repeated that asks a platform about something it has just been told.
_PATIENCE_SECONDS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced block."""

    page: Path
    line: int  #: of its first line of code
    language: str
    text: str
    file: str | None = None
    starts_platform: bool = False
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
            starts_platform=kind == "platform",
            is_run=kind != "not run",
        )


class Reader:
    """Does in a folder what a page tells a reader to do."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._environment = make_environment(folder / "home", {"COLUMNS": "110", "NO_COLOR": "1"})
        self._platform: Standalone | None = None
        self._open = ExitStack()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def follow(self, block: Block) -> None:
        """Do what a block asks for; raise ``AssertionError`` if the page is wrong."""
        if not block.is_run:
            return
        if block.starts_platform:
            self._start_platform()
        elif block.file is not None:
            target = self._folder / block.file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")
        else:
            self._execute(block)

    def _start_platform(self) -> None:
        settings = {
            "ETESIAN__CORE__DAGS_FOLDER": str(self._folder / "dags"),
            "NO_COLOR": "1",
            "COLUMNS": "110",
        }
        self._platform = self._open.enter_context(
            running_standalone(self._folder / "home", settings=settings)
        )
        self._environment = self._platform.environment

    def _execute(self, block: Block) -> None:
        match block.language:
            case "python":
                code = "\n" * (block.line - 1) + block.text  # a traceback then shows the page's line numbers
                ended = self._run([sys.executable, "-c", code])
                assert ended.returncode == 0, f"{block}: {ended.stdout}"
            case "console":
                for command, expected in _commands(block.text):
                    self._run_command(block, command, expected)
            case "toml":
                tomllib.loads(block.text)
            case "json":
                json.loads(block.text)

    def _run_command(self, block: Block, command: str, expected: str) -> None:
        deadline = time.monotonic() + (_PATIENCE_SECONDS if self._platform else 0)
        while True:
            ended = self._run(["bash", "-c", self._addressed(command)])
            is_right = ended.returncode == 0 and (not expected or matches(expected, ended.stdout))
            if is_right or time.monotonic() > deadline:
                break
            time.sleep(0.2)
        assert is_right, (
            f"{block}: $ {command}\n--- expected\n{expected}"
            f"--- got, with exit code {ended.returncode}\n{ended.stdout}"
        )

    def _addressed(self, command: str) -> str:
        address = f"127.0.0.1:{self._platform.port}" if self._platform else _SHOWN_ADDRESS
        return command.replace(_SHOWN_ADDRESS, address)

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=100,
            check=False,
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

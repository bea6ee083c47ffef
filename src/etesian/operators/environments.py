"""Virtual environments for tasks, made once for each set of requirements and kept."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit, urlunsplit

import msgspec

from etesian.sdk.exceptions import AirflowException

#: Written last: an environment without it was not finished.
MARKER: Final = ".etesian-complete"


class VirtualEnvironmentError(AirflowException):
    """A virtual environment cannot be made."""


class RunCommand(Protocol):
    """Runs a command to its end with its output in the task's log, and returns the exit code."""

    def __call__(self, command: Sequence[str], env: Mapping[str, str]) -> int:
        """Run it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentRecipe:
    """What goes into an environment; equal recipes share one."""

    requirements: tuple[str, ...] = ()
    python_version: str | None = None  #: None: the interpreter that runs the task
    system_site_packages: bool = False
    install_options: tuple[str, ...] = ()
    index_urls: tuple[
        str, ...
    ] = ()  #: the first one is the main index; none means the installer's own settings

    @property
    def key(self) -> str:
        """The name of its folder: says what it is made of, in 16 letters."""
        # Passwords in index URLs must not decide whether two environments are the same.
        indexes = [_without_login(url) for url in self.index_urls]
        python = self.python_version or f"{sys.version_info.major}.{sys.version_info.minor}@{sys.prefix}"
        parts = [python, sorted(self.requirements), self.system_site_packages, self.install_options, indexes]
        return sha256(msgspec.json.encode(parts)).hexdigest()[:16]


def ensure_environment(recipe: EnvironmentRecipe, cache: Path, run: RunCommand) -> Path:
    """Return the interpreter of an environment made to ``recipe``, making it if it is not in ``cache``.

    Two tasks that want the same one at once make it once.

    Raises:
        VirtualEnvironmentError: it cannot be made; the installer's words are in the task's log.
    """
    folder = cache / f"venv-{recipe.key}"
    python = folder / "bin" / "python"
    cache.mkdir(parents=True, exist_ok=True)
    with _locked(cache / f"venv-{recipe.key}.lock"):
        if not ((folder / MARKER).exists() and python.exists()):
            shutil.rmtree(folder, ignore_errors=True)
            _make(recipe, folder, python, run)
            (folder / MARKER).touch()
    return python


def _without_login(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with open(path, "w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _make(recipe: EnvironmentRecipe, folder: Path, python: Path, run: RunCommand) -> None:
    uv = shutil.which("uv")
    base = recipe.python_version or sys.executable
    site = ["--system-site-packages"] if recipe.system_site_packages else []
    env = {**os.environ, **_index_variables(recipe.index_urls)}
    if uv:
        make = [uv, "venv", "--quiet", "--python", base, *site, str(folder)]
        install = [uv, "pip", "install", "--python", str(python)]
    else:
        interpreter = f"python{recipe.python_version}" if recipe.python_version else sys.executable
        pip = [] if recipe.requirements else ["--without-pip"]
        make = [interpreter, "-m", "venv", *site, *pip, str(folder)]
        install = [str(python), "-m", "pip", "install", "--disable-pip-version-check"]
    _check(run(make, env), make)
    if not recipe.requirements:
        return
    wanted = folder / "requirements.txt"
    wanted.write_text("\n".join(recipe.requirements) + "\n", encoding="utf-8")
    install += [*recipe.install_options, "-r", str(wanted)]
    _check(run(install, env), install)


def _check(exit_code: int, command: Sequence[str]) -> None:
    if exit_code != 0:
        raise VirtualEnvironmentError(
            f"the environment of the task cannot be made: {' '.join(command[:3])} ... "
            f"ended with exit code {exit_code}; the log above says why"
        )


def _index_variables(urls: Sequence[str]) -> dict[str, str]:
    """Name the indexes in variables, since command lines can be read by every user of the host."""
    if not urls:
        return {}
    main, others = urls[0], " ".join(urls[1:])
    return {
        "UV_DEFAULT_INDEX": main,
        "UV_INDEX": others,
        "PIP_INDEX_URL": main,
        "PIP_EXTRA_INDEX_URL": others,
    }

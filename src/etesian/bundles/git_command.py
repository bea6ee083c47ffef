"""Running git: never asks anybody, ends in time, and says in one sentence what is wrong."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from etesian.bundles.errors import BundleError
from etesian.config.secret import hide_login

#: No question on a terminal, messages in English, and the same behaviour whatever the user has configured.
_ENVIRONMENT: Final = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true", "LC_ALL": "C"}
_SSH: Final = "ssh -o BatchMode=yes"


def run_git(
    repository: Path, *arguments: str, timeout_seconds: float, environ: Mapping[str, str] | None = None
) -> str:
    """Run a git command in a bare repository and return what it prints.

    Raises:
        BundleError: it failed, takes longer than ``timeout_seconds``, or there is no git.
    """
    told = {"GIT_SSH_COMMAND": _SSH} | dict(os.environ) | _ENVIRONMENT | dict(environ or {})
    try:
        done = subprocess.run(
            ["git", f"--git-dir={repository}", *arguments],
            env=told,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_seconds,
            check=True,
        )
    except FileNotFoundError as error:
        raise BundleError("git is not installed, and a bundle from a git repository needs it") from error
    except subprocess.TimeoutExpired as error:
        raise BundleError(f"`git {arguments[0]}` took longer than {timeout_seconds:g} seconds") from error
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip() or f"exit code {error.returncode}"
        raise BundleError(f"`git {arguments[0]}` failed: {hide_login(said)}") from error
    return done.stdout.decode(errors="replace").strip()

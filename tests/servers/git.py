"""Git repositories on disk, with commits made here."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.servers.programs import need_program

_AUTHOR = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Ann"), ("EMAIL", "ann@example.com"))
}


class Repository:
    """A repository with a work tree, on the branch ``main``."""

    def __init__(self, folder: Path) -> None:
        need_program("git", debian="git")
        self.folder = folder
        folder.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def commit(self, files: Mapping[str, str | None], branch: str = "main") -> str:
        """Write files, None meaning that one goes, and return the commit that has them."""
        if branch != "main":
            self.git("checkout", "--quiet", "-B", branch)
        for name, text in files.items():
            path = self.folder / name
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=a change")
        commit = self.git("rev-parse", "HEAD")
        if branch != "main":
            self.git("checkout", "--quiet", "main")
        return commit

    def git(self, *arguments: str) -> str:
        environ = {**os.environ, **_AUTHOR, "GIT_CONFIG_GLOBAL": os.devnull}
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env=environ,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return done.stdout.strip()

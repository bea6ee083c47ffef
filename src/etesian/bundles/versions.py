"""The versions of a git repository that lie on this host, each in a folder that never changes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from etesian.bundles.errors import BundleError
from etesian.bundles.git_command import run_git

#: How long a version stays although nobody is known to need it: a run that has just taken it may not be stored.
_KEEP_FOR: Final = timedelta(hours=1)
_CHECKOUT_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True)
class VersionFolders:
    """Below ``root``: ``repository.git``; ``versions/COMMIT``; and ``current``, a link to the newest version.

    Whoever opens a file through a version's own folder sees one version, whatever is fetched meanwhile.
    """

    root: Path
    subfolder: str = ""  #: where in the repository the DAG files are

    @property
    def repository(self) -> Path:
        """The bare clone that versions are taken from."""
        return self.root / "repository.git"

    @property
    def current(self) -> Path:
        """Where the newest version's DAG files lie."""
        return self.root / "current" / self.subfolder

    @property
    def current_version(self) -> str | None:
        """The newest version; None before there is one."""
        try:
            return (self.root / "current").readlink().name
        except OSError:
            return None

    def folder_of(self, version: str) -> Path:
        """Return where a version's DAG files lie, or would lie once it is restored."""
        return self._version(version) / self.subfolder

    def restore(self, version: str) -> None:
        """Make a version's folder from the repository, unless it is there. Several processes may do so at once.

        Raises:
            BundleError: the repository has no such version, or the files cannot be written.
        """
        target = self._version(version)
        if target.is_dir():
            return
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            scratch = Path(mkdtemp(prefix=".making-", dir=target.parent))
            try:
                self._check_out(version, scratch)
                (scratch / "files").rename(target)
            except OSError:
                if not target.is_dir():  # else another process was faster
                    raise
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
        except OSError as error:
            raise BundleError(f"version {version} cannot be written to {str(target)!r}: {error}") from error

    def make_current(self, version: str) -> None:
        """Let ``current`` mean this version, from one moment to the next.

        Raises:
            BundleError: the link cannot be written.
        """
        link, scratch = self.root / "current", self.root / ".current"
        try:
            scratch.unlink(missing_ok=True)
            scratch.symlink_to(Path("versions", version))
            scratch.replace(link)
        except OSError as error:
            raise BundleError(f"{str(link)!r} cannot be written: {error}") from error

    def discard_except(self, versions: Collection[str], now: datetime) -> None:
        """Delete other versions' folders, if they were made an hour ago or longer, and what a crash left behind."""
        latest = (now - _KEEP_FOR).timestamp()
        with suppress(FileNotFoundError):
            for entry in os.scandir(self.root / "versions"):
                if entry.name not in versions and entry.stat(follow_symlinks=False).st_ctime < latest:
                    shutil.rmtree(entry.path, ignore_errors=True)

    def _version(self, version: str) -> Path:
        return self.root / "versions" / version

    def _check_out(self, version: str, scratch: Path) -> None:
        # Plumbing on an index of its own: no hook runs, and what others do in the repository does not matter.
        files = scratch / "files"
        files.mkdir()
        environ = {"GIT_INDEX_FILE": str(scratch / "index"), "GIT_WORK_TREE": str(files)}
        for arguments in (("read-tree", version), ("checkout-index", "--all")):
            run_git(self.repository, *arguments, timeout_seconds=_CHECKOUT_SECONDS, environ=environ)

"""A bundle from a git repository: each commit of a branch is a version."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from etesian.bundles.errors import BundleError
from etesian.bundles.git_command import run_git
from etesian.bundles.source import BundlePlace
from etesian.bundles.versions import VersionFolders
from etesian.config.secret import hide_login

_TRACKED: Final = "refs/etesian/tracked"
_INIT_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class GitAccess:
    """Where a repository is, and what git must be told to be let in."""

    url: str = field(repr=False)  #: a URL, ``user@host:path`` or a folder
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)


class GitSource:
    """Follows a branch, a tag or a commit. ``find_access`` is asked before each fetch: a token may have changed."""

    def __init__(
        self,
        folders: VersionFolders,
        find_access: Callable[[], GitAccess],
        *,
        ref: str,
        refresh_seconds: float,
        timeout_seconds: float,
    ) -> None:
        self._folders = folders
        self._find_access = find_access
        self._ref = ref
        self._refresh_seconds = refresh_seconds
        self._timeout_seconds = timeout_seconds

    @property
    def refresh_seconds(self) -> float:
        """How long to wait after a fetch before the next one."""
        return self._refresh_seconds

    @property
    def place(self) -> BundlePlace | None:
        """The folder of the newest commit."""
        commit = self._folders.current_version
        return None if commit is None else BundlePlace(self._folders.folder_of(commit), commit)

    def refresh(self) -> None:
        """Fetch the commit that is tracked, and make it the current version.

        Raises:
            BundleError: it cannot be had; the version that was current stays.
        """
        access = self._find_access()
        try:
            self._make_repository()
            self._git("fetch", "--quiet", "--force", "--no-tags", "--", access.url, f"+{self._ref}:{_TRACKED}",
                      environ=access.environ)  # fmt: skip
        except BundleError as error:
            raise BundleError(
                f"{self._ref!r} of {hide_login(access.url)!r} cannot be fetched: {error}"
            ) from error
        commit = self._git("rev-parse", "--verify", f"{_TRACKED}^{{commit}}")
        self._git(
            "update-ref", f"refs/etesian/versions/{commit}", commit
        )  # so that it can be restored for ever
        self._folders.restore(commit)
        if commit != self._folders.current_version:
            self._folders.make_current(commit)

    def discard_except(self, versions: Collection[str], now: datetime) -> None:
        """Delete the folders of other versions but the current one, unless they are new."""
        self._folders.discard_except({*versions, self._folders.current_version or ""}, now)

    def _make_repository(self) -> None:
        repository = self._folders.repository
        if not (repository / "HEAD").exists():
            try:
                repository.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise BundleError(f"{str(repository)!r} cannot be made: {error}") from error
            run_git(repository, "init", "--quiet", "--bare", timeout_seconds=_INIT_SECONDS)

    def _git(self, *arguments: str, environ: Mapping[str, str] | None = None) -> str:
        return run_git(
            self._folders.repository, *arguments, timeout_seconds=self._timeout_seconds, environ=environ
        )

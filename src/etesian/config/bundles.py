"""Places that DAG files come from beside the DAGs folder, as the setting ``core.bundles`` describes them."""

import re
from pathlib import Path
from typing import Any, Final

import msgspec

from etesian.config.secret import SecretUrl, hide_login

#: Names that bundles have without being described: the DAGs folder and the examples.
RESERVED_NAMES: Final = ("dags", "examples")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


class BundleOption(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One bundle: a ``folder``, the repository ``git``, or ``files`` below a URL.

    The repository's URL may also be the host of ``connection``.
    """

    name: str  #: stays when the place changes
    folder: Path | None = None
    git: SecretUrl | None = None  #: a URL, ``user@host:path`` or a folder
    files: SecretUrl | None = None  #: a URL of fsspec's, such as ``s3://bucket/prefix``
    ref: str = "main"  #: the branch, tag or commit of ``git`` that is followed
    subfolder: str = ""  #: where in the repository the DAG files are
    connection: str | None = None  #: the connection that has the login, or the key, for ``git``
    refresh_seconds: float = 60.0  #: from one fetch to the next
    options: dict[str, Any] = {}  #: arguments of the file system of ``files``

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        places = [key for key in ("folder", "git", "files") if getattr(self, key) is not None]
        if len(places) > 1 or not (places or self.connection):
            told = " and ".join(places) or "none"
            raise ValueError(f"bundle {self.name!r} needs one of folder, git and files; it has {told}")
        if not _NAME.fullmatch(self.name) or self.name in RESERVED_NAMES:
            raise ValueError(
                f"a bundle cannot be called {self.name!r}: a name has letters, digits, '_', '.' and '-', "
                f"and {' and '.join(RESERVED_NAMES)} are taken"
            )
        if self.ref.startswith("-") or not self.ref.strip():
            raise ValueError(
                f"bundle {self.name!r} cannot follow {self.ref!r}; ref is a branch, a tag or a commit"
            )
        if Path(self.subfolder).is_absolute() or ".." in Path(self.subfolder).parts:
            raise ValueError(f"the subfolder {self.subfolder!r} of bundle {self.name!r} is not inside of it")
        if not 1 <= self.refresh_seconds <= 7 * 86_400:
            raise ValueError(
                f"bundle {self.name!r} needs refresh_seconds from 1 to 604800, not {self.refresh_seconds:g}"
            )

    @property
    def is_git(self) -> bool:
        """Whether it is a git repository."""
        return self.folder is None and self.files is None

    @property
    def place(self) -> str:
        """Where the files come from, without a login."""
        if self.folder is not None:
            return str(self.folder)
        remote = self.git or self.files
        return f"connection {self.connection}" if remote is None else hide_login(remote.reveal())

    def __str__(self) -> str:
        return f"{self.name}={self.place}"


def check_names(bundles: tuple[BundleOption, ...]) -> None:
    """Raise ``ValueError`` if two bundles have one name."""
    names = [bundle.name for bundle in bundles]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"core.bundles: there are two bundles called {', '.join(twice)}")

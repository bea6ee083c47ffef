"""A bundle from an object store, or any other file system that fsspec knows. It has no versions."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final

from etesian.bundles.errors import BundleError
from etesian.bundles.source import BundlePlace

#: What tells that an object was written again, in the words of several file systems.
_CHANGE_MARKS: Final = (
    "ETag",
    "etag",
    "md5Hash",
    "generation",
    "LastModified",
    "mtime",
    "updated",
    "created",
)


class ObjectSource:
    """Copies the objects below a URL into a folder; what is not there any more is deleted."""

    def __init__(
        self, folder: Path, url: str, options: Mapping[str, Any], *, refresh_seconds: float
    ) -> None:  # Any: arguments of the file system
        self._folder = folder
        self._url = url
        self._options = dict(options)
        self._refresh_seconds = refresh_seconds

    @property
    def refresh_seconds(self) -> float:
        """How long to wait after a fetch before the next one."""
        return self._refresh_seconds

    @property
    def place(self) -> BundlePlace | None:
        """The folder of the copies."""
        return BundlePlace(self._folder) if self._folder.is_dir() else None

    def refresh(self) -> None:
        """Copy what is new or was written again, and delete what is gone.

        Raises:
            BundleError: the store cannot be read, or the copies cannot be written.
        """
        try:
            import fsspec  # late, and optional: most homes have no such bundle
        except ImportError as error:
            raise BundleError(
                f"DAG files at {self._url!r} are read through fsspec, which is not installed; "
                "`pip install fsspec` and the file system's package, such as s3fs or gcsfs"
            ) from error
        try:
            system, base = fsspec.core.url_to_fs(self._url, **self._options)
            self._copy(system, base)
        except BundleError:
            raise
        except Exception as error:  # a file system raises what it likes
            raise BundleError(f"the DAG files at {self._url!r} cannot be copied: {error}") from error

    def discard_except(self, versions: Collection[str], now: datetime) -> None:
        """There is nothing to delete."""

    def _copy(self, system: Any, base: str) -> None:  # Any: fsspec has no types
        system.invalidate_cache()
        found: dict[str, str] = {}
        before = self._read_marks()
        objects = system.find(base, detail=True)
        if not objects and not system.exists(base):
            raise BundleError(f"there is nothing at {self._url!r}")
        for path, info in objects.items():
            name = str(PurePosixPath(path).relative_to(PurePosixPath(base)))
            if ".." in PurePosixPath(name).parts or path.endswith("/"):
                continue
            found[name] = _mark_of(info)
            target = self._folder / name
            if before.get(name) != found[name] or not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                scratch = target.with_name(f".{target.name}.fetching")
                system.get_file(path, str(scratch))
                scratch.replace(target)
        self._folder.mkdir(parents=True, exist_ok=True)
        for name in before.keys() - found.keys():
            (self._folder / name).unlink(missing_ok=True)
        self._write_marks(found)

    @property
    def _marks_file(self) -> Path:
        return self._folder.with_name(f"{self._folder.name}.marks.json")

    def _read_marks(self) -> dict[str, str]:
        try:
            marks: dict[str, str] = json.loads(self._marks_file.read_bytes())
        except (OSError, ValueError):
            return dict.fromkeys(self._copies(), "")
        return marks

    def _copies(self) -> list[str]:
        return [str(file.relative_to(self._folder)) for file in self._folder.rglob("*") if file.is_file()]

    def _write_marks(self, marks: Mapping[str, str]) -> None:
        scratch = self._marks_file.with_suffix(".writing")
        scratch.write_text(json.dumps(marks), encoding="utf-8")
        scratch.replace(self._marks_file)


def _mark_of(info: Mapping[str, Any]) -> str:
    marks = [str(info[key]) for key in _CHANGE_MARKS if info.get(key) is not None]
    return json.dumps([info.get("size"), *marks])

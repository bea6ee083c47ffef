"""``ObjectStoragePath``: a path in an object store, through ``fsspec`` where it is installed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from etesian.sdk.exceptions import AirflowOptionalProviderFeatureException


class ObjectStoragePath:
    """A place such as ``s3://bucket/key`` or ``file:///tmp/x``; joins like a path, opens like a file."""

    def __init__(self, path: Any, *parts: str, conn_id: str | None = None, **storage_options: Any) -> None:
        text = str(path)
        scheme, separator, rest = text.partition("://")
        user, at, location = rest.partition("@") if separator else ("", "", text)
        self.conn_id = conn_id or (user if at else None)
        self.protocol = scheme if separator else "file"
        self.path = "/".join([(location if at else rest if separator else text).rstrip("/"), *parts])
        self.storage_options = storage_options

    def __truediv__(self, part: object) -> ObjectStoragePath:
        return ObjectStoragePath(f"{self.protocol}://{self.path}", str(part), conn_id=self.conn_id)

    def __str__(self) -> str:
        return f"{self.protocol}://{self.path}"

    def __repr__(self) -> str:
        return f"ObjectStoragePath({str(self)!r})"

    def __fspath__(self) -> str:
        return str(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ObjectStoragePath) and (str(self), self.conn_id) == (
            str(other),
            other.conn_id,
        )

    def __hash__(self) -> int:
        return hash((str(self), self.conn_id))

    @property
    def name(self) -> str:
        """The last part."""
        return self.path.rsplit("/", 1)[-1]

    @property
    def parent(self) -> ObjectStoragePath:
        """The place above."""
        return ObjectStoragePath(f"{self.protocol}://{self.path.rpartition('/')[0]}", conn_id=self.conn_id)

    @property
    def bucket(self) -> str:
        """The first part."""
        return self.path.lstrip("/").partition("/")[0]

    @property
    def key(self) -> str:
        """All parts but the first."""
        return self.path.lstrip("/").partition("/")[2]

    @property
    def fs(self) -> Any:
        """The file system of ``fsspec``.

        Raises:
            AirflowOptionalProviderFeatureException: ``fsspec`` is not installed.
        """
        try:
            import fsspec  # an optional dependency
        except ImportError as error:
            raise AirflowOptionalProviderFeatureException(
                f"{self} needs the package fsspec (and its file system for {self.protocol!r}); install it"
            ) from error
        return fsspec.filesystem(self.protocol, **self.storage_options)

    def open(self, mode: str = "r", **kwargs: Any) -> IO[Any]:
        """Open the object."""
        opened: IO[Any] = self.fs.open(self.path, mode, **kwargs)
        return opened

    def exists(self) -> bool:
        """Whether it is there."""
        return bool(self.fs.exists(self.path))

    def mkdir(self, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        """Make a folder."""
        self.fs.makedirs(self.path, exist_ok=exist_ok or parents)

    def iterdir(self) -> Iterator[ObjectStoragePath]:
        """Yield what lies below."""
        for found in self.fs.ls(self.path, detail=False):
            yield ObjectStoragePath(f"{self.protocol}://{found}", conn_id=self.conn_id)

    def read_text(self) -> str:
        """Return the object as text."""
        with self.open("r") as file:
            return str(file.read())

    def read_bytes(self) -> bytes:
        """Return the object."""
        with self.open("rb") as file:
            return bytes(file.read())

    def write_text(self, data: str) -> int:
        """Replace the object by a text."""
        with self.open("w") as file:
            return file.write(data)

    def unlink(self) -> None:
        """Delete the object."""
        self.fs.rm(self.path)

"""``ObjectStoragePath``: a path in an object store, through ``fsspec`` where it is installed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from shutil import copyfileobj
from typing import IO, Any

from etesian.compat.file_systems import get_fs


class ObjectStoragePath:
    """A place such as ``s3://bucket/key`` or ``file:///tmp/x``; joins like a path, opens like a file.

    A connection is named by ``conn_id``, or in the URL: ``s3://my_connection@bucket/key``.
    """

    sep = "/"
    __version__ = 1  #: of its form as an XCom

    def __init__(self, path: Any, *parts: str, conn_id: str | None = None, **storage_options: Any) -> None:
        text = str(path)
        scheme, separator, rest = text.partition("://")
        user, at, location = rest.partition("@") if separator else ("", "", text)
        if isinstance(path, ObjectStoragePath):
            conn_id = conn_id or path.conn_id
            storage_options = {**path.storage_options, **storage_options}
        self.conn_id: str | None = conn_id or (user if at else None)
        self.protocol = scheme if separator else "file"
        self.path = "/".join([(location if at else rest if separator else text).rstrip("/"), *parts])
        self.storage_options: dict[str, Any] = storage_options

    def __truediv__(self, part: object) -> ObjectStoragePath:
        return self._at(f"{self.path}/{part}")

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

    def _at(self, path: str) -> ObjectStoragePath:
        """Return another place of the same store."""
        return ObjectStoragePath(f"{self.protocol}://{path}", conn_id=self.conn_id, **self.storage_options)

    def joinpath(self, *parts: object) -> ObjectStoragePath:
        """Return a place below."""
        return self._at("/".join([self.path, *map(str, parts)]))

    # --- parts ----------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The last part."""
        return self.path.rsplit("/", 1)[-1]

    @property
    def stem(self) -> str:
        """The last part without its ending."""
        return PurePosixPath(self.name).stem

    @property
    def suffix(self) -> str:
        """The ending of the last part, with its dot."""
        return PurePosixPath(self.name).suffix

    @property
    def parent(self) -> ObjectStoragePath:
        """The place above."""
        return self._at(self.path.rpartition("/")[0])

    @property
    def bucket(self) -> str:
        """The first part."""
        return self.path.lstrip("/").partition("/")[0]

    container = bucket

    @property
    def key(self) -> str:
        """All parts but the first."""
        return self.path.lstrip("/").partition("/")[2]

    @property
    def namespace(self) -> str:
        """The store, as lineage names it."""
        return f"{self.protocol}://{self.bucket}" if self.bucket else self.protocol

    # --- looking --------------------------------------------------------------------------------------------

    @property
    def fs(self) -> Any:
        """The file system of ``fsspec``.

        Raises:
            AirflowOptionalProviderFeatureException: ``fsspec`` is not installed.
        """
        return get_fs(self.protocol, self.conn_id, self.storage_options)

    def exists(self) -> bool:
        """Whether it is there."""
        return bool(self.fs.exists(self.path))

    def is_file(self) -> bool:
        """Whether there is an object of that name."""
        return bool(self.fs.isfile(self.path))

    def is_dir(self) -> bool:
        """Whether there are objects below it."""
        return bool(self.fs.isdir(self.path))

    def size(self) -> int:
        """Return its size in bytes."""
        return int(self.fs.size(self.path))

    def checksum(self) -> Any:
        """Return what changes when the object changes."""
        return self.fs.checksum(self.path)

    def iterdir(self) -> Iterator[ObjectStoragePath]:
        """Yield what lies below."""
        for found in self.fs.ls(self.path, detail=False):
            yield self._at(found)

    def glob(self, pattern: str) -> Iterator[ObjectStoragePath]:
        """Yield what lies below and is named so."""
        for found in self.fs.glob(f"{self.path}/{pattern}"):
            yield self._at(found)

    # --- reading and writing --------------------------------------------------------------------------------

    def open(self, mode: str = "r", **kwargs: Any) -> IO[Any]:
        """Open the object."""
        opened: IO[Any] = self.fs.open(self.path, mode, **kwargs)
        return opened

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

    def write_bytes(self, data: bytes) -> int:
        """Replace the object."""
        with self.open("wb") as file:
            return file.write(data)

    def touch(self) -> None:
        """Make an empty object where there is none."""
        if not self.exists():
            self.write_bytes(b"")

    def mkdir(self, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        """Make a folder."""
        self.fs.makedirs(self.path, exist_ok=exist_ok or parents)

    def unlink(self) -> None:
        """Delete the object."""
        self.fs.rm(self.path)

    def rmdir(self, recursive: bool = True) -> None:
        """Delete a folder, with all that lies below it unless ``recursive`` is false."""
        self.fs.rm(self.path, recursive=recursive)

    def copy(self, dst: str | ObjectStoragePath, recursive: bool = False, **_: Any) -> None:
        """Copy the object to a place of any store, piece by piece; into ``dst`` if that is a folder.

        Raises:
            IsADirectoryError: it is a folder, and ``recursive`` is false.
        """
        target = ObjectStoragePath(dst)
        if target.is_dir():
            target = target / self.name
        if not self.is_dir():
            with self.open("rb") as source, target.open("wb") as file:
                copyfileobj(source, file)
            return
        if not recursive:
            raise IsADirectoryError(f"{self} is a folder; copy it with recursive=True")
        target.mkdir(parents=True, exist_ok=True)
        for child in self.iterdir():
            child.copy(target / child.name, recursive=True)

    def move(self, path: str | ObjectStoragePath, recursive: bool = False, **_: Any) -> None:
        """Copy to a place of any store, and delete what was copied."""
        self.copy(path, recursive=recursive)
        if recursive and self.is_dir():
            self.rmdir()
        else:
            self.unlink()

    # --- as an XCom -----------------------------------------------------------------------------------------

    def serialize(self) -> dict[str, Any]:
        """Return what an XCom keeps."""
        return {"path": str(self), "conn_id": self.conn_id, "kwargs": self.storage_options}

    @classmethod
    def deserialize(cls, data: Mapping[str, Any], version: int = __version__) -> ObjectStoragePath:
        """Return the path that an XCom keeps."""
        return cls(data["path"], conn_id=data["conn_id"], **data["kwargs"])

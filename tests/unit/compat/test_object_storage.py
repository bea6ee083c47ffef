"""Paths in object stores: what they are made of, what they do, and how tasks hand them on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from etesian.compat import file_systems
from etesian.compat.file_systems import attach, get_fs, has_fs
from etesian.compat.support.object_storage import ObjectStoragePath
from etesian.sdk.xcoms.xcom import deserialize, serialize


class Folder:
    """A store whose buckets are folders of this machine; speaks as the file systems of fsspec do."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def open(self, path: str, mode: str, **_: Any) -> IO[Any]:
        return (self.root / path).open(mode)

    def exists(self, path: str) -> bool:
        return (self.root / path).exists()

    def isfile(self, path: str) -> bool:
        return (self.root / path).is_file()

    def isdir(self, path: str) -> bool:
        return (self.root / path).is_dir()

    def size(self, path: str) -> int:
        return (self.root / path).stat().st_size

    def ls(self, path: str, detail: bool) -> list[str]:
        assert not detail
        return sorted(str(found.relative_to(self.root)) for found in (self.root / path).iterdir())

    def glob(self, pattern: str) -> list[str]:
        return sorted(str(found.relative_to(self.root)) for found in self.root.glob(pattern))

    def makedirs(self, path: str, exist_ok: bool) -> None:
        (self.root / path).mkdir(parents=True, exist_ok=exist_ok)

    def rm(self, path: str, recursive: bool = False) -> None:
        shutil.rmtree(self.root / path) if recursive else (self.root / path).unlink()


@pytest.fixture
def box(tmp_path: Path) -> Iterator[ObjectStoragePath]:
    """A bucket of a store, and another store beside it."""
    for protocol, conn_id in (("box", None), ("crate", "harbour")):
        (tmp_path / protocol / "bucket").mkdir(parents=True)
        attach(protocol, conn_id, fs=Folder(tmp_path / protocol))
    yield ObjectStoragePath("box://bucket")
    file_systems._attached.clear()


def test_a_path_has_the_parts_that_its_url_has() -> None:
    path = ObjectStoragePath("s3://aws_default@bucket/2026/orders.csv")
    assert (path.protocol, path.conn_id, path.bucket, path.key) == (
        "s3", "aws_default", "bucket", "2026/orders.csv",
    )  # fmt: skip
    assert (path.name, path.stem, path.suffix) == ("orders.csv", "orders", ".csv")
    assert (str(path), path.namespace) == ("s3://bucket/2026/orders.csv", "s3://bucket")


def test_places_of_a_store_keep_its_connection() -> None:
    path = ObjectStoragePath("s3://bucket", conn_id="aws", region="eu")
    for other in (path / "a", path.joinpath("a", "b").parent, ObjectStoragePath(path / "a")):
        assert (str(other), other.conn_id, other.storage_options) == (
            "s3://bucket/a",
            "aws",
            {"region": "eu"},
        )


def test_objects_are_written_read_and_deleted(box: ObjectStoragePath) -> None:
    note = box / "note.txt"
    note.touch()
    assert (note.is_file(), box.is_dir(), note.size()) == (True, True, 0)
    assert note.write_bytes(b"abc") == 3
    assert (note.read_text(), note.read_bytes()) == ("abc", b"abc")
    assert list(box.glob("*.txt")) == [note]
    note.unlink()
    assert not note.exists()
    box.rmdir()
    assert not box.exists()


def test_an_object_is_copied_to_another_store_and_into_a_folder(box: ObjectStoragePath) -> None:
    (box / "note.txt").write_text("abc")
    far = ObjectStoragePath("crate://harbour@bucket")
    (box / "note.txt").copy(far)
    (box / "note.txt").copy(far / "renamed.txt")
    assert [(path.name, path.read_text()) for path in far.iterdir()] == [
        ("note.txt", "abc"),
        ("renamed.txt", "abc"),
    ]


def test_a_folder_is_moved_only_as_a_whole(box: ObjectStoragePath) -> None:
    (box / "year" / "may").mkdir(parents=True)
    (box / "year" / "may" / "note.txt").write_text("abc")
    with pytest.raises(IsADirectoryError, match="recursive=True"):
        (box / "year").copy(box / "copy")
    (box / "year").move(box / "copy", recursive=True)
    assert (box / "copy" / "may" / "note.txt").read_text() == "abc"
    assert not (box / "year").exists()


def test_a_task_may_return_a_path() -> None:
    path = ObjectStoragePath("s3://bucket/key", conn_id="aws", region="eu")
    returned = deserialize(serialize(path))
    assert (returned, returned.storage_options) == (path, {"region": "eu"})


def test_attached_file_systems_are_used_for_their_scheme(box: ObjectStoragePath) -> None:
    assert box.fs is get_fs("box")
    assert (has_fs("box"), has_fs("file"), has_fs("no-such")) == (True, True, False)

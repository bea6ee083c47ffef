"""Bundles from file systems of fsspec's, which provider packages bring along."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from etesian.bundles.errors import BundleError
from etesian.bundles.object_source import ObjectSource
from etesian.bundles.source import BundlePlace

pytest.importorskip("fsspec", reason="NOT INSTALLED: fsspec; `make test-providers` has it")


@pytest.fixture
def store() -> Iterator[object]:
    from fsspec.implementations.memory import MemoryFileSystem

    system = MemoryFileSystem()
    yield system
    system.rm("/dags", recursive=True)


def copies(folder: Path) -> dict[str, str]:
    return {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*") if file.is_file()}


def test_objects_that_are_new_changed_or_gone_are_followed(store: object, tmp_path: Path) -> None:
    store.pipe({"/dags/a.py": b"a", "/dags/team/b.py": b"b"})
    source = ObjectSource(tmp_path / "team" / "files", "memory://dags", {}, refresh_seconds=60.0)
    assert source.place is None
    source.refresh()
    assert source.place == BundlePlace(tmp_path / "team" / "files")
    assert copies(source.place.folder) == {"a.py": "a", "team/b.py": "b"}
    store.pipe({"/dags/a.py": b"A", "/dags/c.py": b"c"})
    store.rm("/dags/team/b.py")
    source.refresh()
    assert copies(source.place.folder) == {"a.py": "A", "c.py": "c"}


def test_what_did_not_change_is_not_copied_again(store: object, tmp_path: Path) -> None:
    store.pipe({"/dags/a.py": b"a"})
    source = ObjectSource(tmp_path / "files", "memory://dags", {}, refresh_seconds=60.0)
    source.refresh()
    before = (tmp_path / "files" / "a.py").stat().st_ino
    source.refresh()
    assert (tmp_path / "files" / "a.py").stat().st_ino == before


def test_copies_of_an_unknown_state_are_compared_anew(store: object, tmp_path: Path) -> None:
    store.pipe({"/dags/a.py": b"a"})
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "left.py").write_text("of before")
    (tmp_path / "files.marks.json").write_text("{half")
    ObjectSource(tmp_path / "files", "memory://dags", {}, refresh_seconds=60.0).refresh()
    assert copies(tmp_path / "files") == {"a.py": "a"}


def test_a_place_with_nothing_at_it_takes_nothing_away(store: object, tmp_path: Path) -> None:
    store.pipe({"/dags/a.py": b"a"})
    ObjectSource(tmp_path / "files", "memory://dags", {}, refresh_seconds=60.0).refresh()
    with pytest.raises(BundleError, match="there is nothing at 'memory://elsewhere'"):
        ObjectSource(tmp_path / "files", "memory://elsewhere", {}, refresh_seconds=60.0).refresh()
    assert copies(tmp_path / "files") == {"a.py": "a"}


def test_a_file_system_that_is_not_installed_is_named(tmp_path: Path) -> None:
    source = ObjectSource(tmp_path / "files", "nosuch://dags", {}, refresh_seconds=60.0)
    with pytest.raises(BundleError, match=r"the DAG files at 'nosuch://dags' cannot be copied: .*nosuch"):
        source.refresh()

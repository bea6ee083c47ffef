"""Bundles from real git repositories."""

from __future__ import annotations

import os
import shutil
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from etesian.bundles.errors import BundleError
from etesian.bundles.git_source import GitAccess, GitSource
from etesian.bundles.source import BundlePlace
from etesian.bundles.versions import VersionFolders
from etesian.foundation.clock import utc_now
from tests.servers.git import Repository


@pytest.fixture
def upstream(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "upstream")


@pytest.fixture
def folders(tmp_path: Path) -> VersionFolders:
    return VersionFolders(tmp_path / "bundles" / "team")


def source_of(url: object, folders: VersionFolders, ref: str = "main", **environ: str) -> GitSource:
    return GitSource(
        folders, lambda: GitAccess(str(url), environ), ref=ref, refresh_seconds=60.0, timeout_seconds=30.0
    )


def test_each_commit_of_the_branch_is_a_version_in_a_folder_of_its_own(
    upstream: Repository, folders: VersionFolders
) -> None:
    source = source_of(upstream.folder, folders)
    assert source.place is None
    old = upstream.commit({"a.py": "old", "gone.py": ""})
    source.refresh()
    assert source.place == BundlePlace(folders.folder_of(old), old)
    new = upstream.commit({"a.py": "new", "gone.py": None})
    source.refresh()
    assert source.place == BundlePlace(folders.folder_of(new), new)
    assert (folders.folder_of(old) / "a.py").read_text() == "old"
    assert (folders.folder_of(old) / "gone.py").exists()
    assert (folders.current / "a.py").read_text() == "new"
    assert not (folders.current / "gone.py").exists()


def test_a_refresh_without_a_new_commit_leaves_the_files_alone(
    upstream: Repository, folders: VersionFolders
) -> None:
    upstream.commit({"a.py": ""})
    source = source_of(upstream.folder, folders)
    source.refresh()
    before = (folders.current / "a.py").stat()
    source.refresh()
    assert (folders.current / "a.py").stat() == before


def test_a_history_that_was_rewritten_is_followed(upstream: Repository, folders: VersionFolders) -> None:
    upstream.commit({"a.py": "first"})
    upstream.commit({"a.py": "second"})
    source = source_of(upstream.folder, folders)
    source.refresh()
    upstream.git("reset", "--quiet", "--hard", "HEAD~1")
    rewritten = upstream.commit({"a.py": "third"})
    source.refresh()
    assert folders.current_version == rewritten


@pytest.mark.parametrize("kind", ["branch", "tag", "commit"])
def test_a_branch_a_tag_or_a_commit_may_be_followed(
    upstream: Repository, folders: VersionFolders, kind: str
) -> None:
    upstream.commit({"a.py": "main"})
    wanted = upstream.commit({"a.py": "wanted"}, branch="release")
    upstream.git("tag", "--annotate", "--message=a release", "v1", wanted)
    upstream.git("config", "uploadpack.allowAnySHA1InWant", "true")
    source = source_of(upstream.folder, folders, {"branch": "release", "tag": "v1", "commit": wanted}[kind])
    source.refresh()
    assert folders.current_version == wanted
    assert (folders.current / "a.py").read_text() == "wanted"


def test_dag_files_may_lie_in_a_subfolder(upstream: Repository, tmp_path: Path) -> None:
    commit = upstream.commit({"src/dags/a.py": "here", "b.py": ""})
    folders = VersionFolders(tmp_path / "bundle", "src/dags")
    source = source_of(upstream.folder, folders)
    source.refresh()
    assert source.place == BundlePlace(folders.folder_of(commit), commit)
    assert [path.name for path in folders.current.iterdir()] == ["a.py"]


def test_programs_and_links_stay_what_they_are(upstream: Repository, folders: VersionFolders) -> None:
    (upstream.folder / "run.sh").write_text("#!/bin/sh\n")
    (upstream.folder / "run.sh").chmod(0o755)
    (upstream.folder / "link.sh").symlink_to("run.sh")
    upstream.commit({})
    source_of(upstream.folder, folders).refresh()
    assert os.access(folders.current / "run.sh", os.X_OK)
    assert (folders.current / "link.sh").readlink() == Path("run.sh")


def test_a_repository_that_cannot_be_reached_leaves_what_is_there(
    upstream: Repository, folders: VersionFolders
) -> None:
    commit = upstream.commit({"a.py": "here"})
    source_of(upstream.folder, folders).refresh()
    with pytest.raises(BundleError, match=r"^'main' of '.*gone' cannot be fetched: `git fetch` failed: "):
        source_of(upstream.folder.with_name("gone"), folders).refresh()
    assert folders.current_version == commit


def test_a_branch_that_is_not_there_is_named(upstream: Repository, folders: VersionFolders) -> None:
    upstream.commit({"a.py": ""})
    with pytest.raises(BundleError, match=r"^'nowhere' of .*couldn't find remote ref nowhere"):
        source_of(upstream.folder, folders, "nowhere").refresh()
    assert source_of(upstream.folder, folders).place is None


def test_no_message_shows_a_login(folders: VersionFolders) -> None:
    with pytest.raises(BundleError) as caught:
        source_of("http://ann:hunter2@127.0.0.1:1/dags.git", folders).refresh()
    assert "hunter2" not in str(caught.value)
    assert "http://***@127.0.0.1:1/dags.git" in str(caught.value)
    assert "hunter2" not in repr(GitAccess("http://ann:hunter2@h/r", {"PASSWORD": "hunter2"}))


def test_a_machine_without_git_is_told_so(
    upstream: Repository, folders: VersionFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BundleError, match="git is not installed"):
        source_of(upstream.folder, folders).refresh()


def test_a_server_that_never_answers_is_given_up(
    upstream: Repository, folders: VersionFolders, tmp_path: Path
) -> None:
    upstream.commit({"a.py": ""})
    source_of(upstream.folder, folders).refresh()
    hanging = tmp_path / "ssh"
    hanging.write_text("#!/bin/sh\nexec sleep 600\n")
    hanging.chmod(hanging.stat().st_mode | stat.S_IXUSR)
    access = GitAccess("ann@git.example.com:dags.git", {"GIT_SSH_COMMAND": str(hanging)})
    source = GitSource(folders, lambda: access, ref="main", refresh_seconds=60.0, timeout_seconds=0.3)
    with pytest.raises(BundleError, match=r"`git fetch` took longer than 0\.3 seconds"):
        source.refresh()


def test_a_version_whose_folder_was_deleted_is_restored_also_by_many_at_once(
    upstream: Repository, folders: VersionFolders
) -> None:
    old = upstream.commit({f"{number}.py": str(number) for number in range(100)})
    source = source_of(upstream.folder, folders)
    source.refresh()
    upstream.commit({"0.py": "new"})
    source.refresh()
    shutil.rmtree(folders.folder_of(old))
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(folders.restore, [old] * 16))
    assert {path.name for path in folders.folder_of(old).iterdir()} == {
        f"{number}.py" for number in range(100)
    }
    assert [path.name for path in (folders.root / "versions").iterdir() if path.name.startswith(".")] == []


def test_a_version_that_was_rewritten_away_can_still_be_restored(
    upstream: Repository, folders: VersionFolders
) -> None:
    upstream.commit({"a.py": "first"})
    lost = upstream.commit({"a.py": "lost"})
    source = source_of(upstream.folder, folders)
    source.refresh()
    upstream.git("reset", "--quiet", "--hard", "HEAD~1")
    source.refresh()
    shutil.rmtree(folders.folder_of(lost))
    folders.restore(lost)
    assert (folders.folder_of(lost) / "a.py").read_text() == "lost"


def test_a_version_that_never_was_is_refused(upstream: Repository, folders: VersionFolders) -> None:
    upstream.commit({"a.py": ""})
    source_of(upstream.folder, folders).refresh()
    with pytest.raises(BundleError, match="`git read-tree` failed"):
        folders.restore("0" * 40)
    assert not folders.folder_of("0" * 40).exists()


def test_old_versions_are_deleted_but_not_new_ones_nor_those_in_use(
    upstream: Repository, folders: VersionFolders
) -> None:
    source = source_of(upstream.folder, folders)
    commits = []
    for number in range(4):
        commits.append(upstream.commit({"a.py": str(number)}))
        source.refresh()
    source.discard_except({commits[0]}, utc_now())
    assert all(folders.folder_of(commit).exists() for commit in commits)
    source.discard_except({commits[0]}, utc_now() + timedelta(hours=1, seconds=1))
    assert [folders.folder_of(commit).exists() for commit in commits] == [True, False, False, True]

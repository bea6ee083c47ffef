"""The parser on bundles that are fetched: real git repositories, and a store."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from etesian.bundles.git_source import GitAccess, GitSource
from etesian.bundles.versions import VersionFolders
from etesian.foundation.clock import utc_now
from etesian.parser.settings import Bundle
from etesian.protocol.commands import SpecChanged
from etesian.store.queries import dags
from tests.integration.parser.platform import Platform, dag_file, eventually
from tests.servers.git import Repository

QUICK = 0.05


class Team:
    """A repository, and the bundle ``team`` that follows it."""

    def __init__(self, tmp_path: Path, refresh_seconds: float = QUICK) -> None:
        self.refresh_seconds = refresh_seconds
        self.upstream = Repository(tmp_path / "upstream")
        self.folders = VersionFolders(tmp_path / "bundles" / "team")
        self.url = str(self.upstream.folder)

    def bundle(self) -> Bundle:
        source = GitSource(
            self.folders,
            lambda: GitAccess(self.url),
            ref="main",
            refresh_seconds=self.refresh_seconds,
            timeout_seconds=30.0,
        )
        return Bundle("team", self.folders.current, source)


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path)


def versions_of(platform: Platform) -> dict[str, str | None]:
    with platform.store.read() as connection:
        return {dag_id: dags.load_dag(connection, dag_id).bundle_version for dag_id in platform.dag_ids()}


def test_dags_of_a_repository_follow_its_commits(platform: Platform, team: Team) -> None:
    first = team.upstream.commit({"a.py": dag_file("a"), "b.py": dag_file("b")})
    with platform.parsing(bundles=(team.bundle(),), rescan_interval_seconds=600.0):
        eventually(lambda: versions_of(platform) == {"a": first, "b": first})
        second = team.upstream.commit({"a.py": None, "c.py": dag_file("c")})
        eventually(lambda: versions_of(platform) == {"b": second, "c": second})


def test_a_commit_that_changes_only_what_tasks_read_is_a_new_version_of_all_dags(
    platform: Platform, team: Team
) -> None:
    """Templates and queries are read by tasks, not by the file when it is imported."""
    team.upstream.commit({"a.py": dag_file("a"), "query.sql": "select 1"})
    with platform.parsing(bundles=(team.bundle(),)):
        eventually(lambda: platform.dag_ids() == ["a"])
        second = team.upstream.commit({"query.sql": "select 2"})
        eventually(lambda: versions_of(platform) == {"a": second})
    assert platform.commands().count(SpecChanged(dag_id="a")) == 2


def test_a_module_that_changed_in_a_commit_has_its_dags_parsed_again(platform: Platform, team: Team) -> None:
    using = "from helper import TEXT\n" + dag_file("a", "dag.description = TEXT")
    team.upstream.commit({"a.py": using, "helper.py": "TEXT = 'old'"})
    with platform.parsing(bundles=(team.bundle(),)):
        eventually(lambda: platform.description("a") == "old")
        team.upstream.commit({"helper.py": "TEXT = 'new'"})
        eventually(lambda: platform.description("a") == "new")


def test_a_dag_whose_new_file_is_broken_stays_at_the_version_before(platform: Platform, team: Team) -> None:
    first = team.upstream.commit({"a.py": dag_file("a"), "b.py": dag_file("b")})
    with platform.parsing(bundles=(team.bundle(),)):
        eventually(lambda: versions_of(platform) == {"a": first, "b": first})
        second = team.upstream.commit({"a.py": dag_file("a", "1 / 0")})
        eventually(lambda: "ZeroDivisionError" in platform.errors().get("a.py", ""))
        eventually(lambda: versions_of(platform) == {"a": first, "b": second})


def test_a_repository_that_cannot_be_reached_is_an_import_error_until_it_can(
    platform: Platform, team: Team
) -> None:
    first = team.upstream.commit({"a.py": dag_file("a")})
    with platform.parsing(bundles=(team.bundle(),)):
        eventually(lambda: versions_of(platform) == {"a": first})
        there, team.url = team.url, team.url + "-moved"
        eventually(lambda: "cannot be fetched" in platform.errors().get(".", ""))
        assert versions_of(platform) == {"a": first}
        team.url = there
        eventually(lambda: platform.errors() == {})


def test_a_parser_without_network_starts_with_the_files_that_were_fetched_last(
    platform: Platform, team: Team
) -> None:
    first = team.upstream.commit({"a.py": dag_file("a")})
    with platform.parsing(bundles=(team.bundle(),)):
        eventually(lambda: versions_of(platform) == {"a": first})
    team.url += "-gone"
    began = utc_now()
    with platform.parsing(bundles=(team.bundle(),)):
        eventually(lambda: platform.parsed_since("a", began))
        eventually(lambda: "." in platform.errors())
    assert versions_of(platform) == {"a": first}


def test_dags_of_a_bundle_that_was_never_fetched_here_stay_as_they_are(
    platform: Platform, team: Team, tmp_path: Path
) -> None:
    first = team.upstream.commit({"a.py": dag_file("a")})
    with platform.parsing(bundles=(team.bundle(),)):
        eventually(lambda: versions_of(platform) == {"a": first})
    team.folders, team.url = VersionFolders(tmp_path / "other machine"), team.url + "-gone"
    with platform.parsing(bundles=(team.bundle(),)):
        eventually(lambda: "." in platform.errors())
        assert platform.dag_ids() == ["a"]


def test_versions_that_nothing_uses_are_deleted(
    platform: Platform, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etesian.bundles.versions._KEEP_FOR", timedelta(seconds=-60))
    commits = []
    with platform.parsing(bundles=(team.bundle(),)):
        for number in range(3):
            commits.append(team.upstream.commit({"a.py": dag_file("a", f"dag.description = '{number}'")}))
            eventually(lambda: versions_of(platform) == {"a": commits[-1]})  # called at once
        team.upstream.commit({"b.py": dag_file("b")})
        eventually(lambda: not team.folders.folder_of(commits[0]).exists())
        eventually(lambda: platform.dag_ids() == ["a", "b"])


def test_a_bundle_is_fetched_before_its_time_when_somebody_asks(platform: Platform, tmp_path: Path) -> None:
    team = Team(tmp_path, refresh_seconds=600.0)
    first = team.upstream.commit({"a.py": dag_file("a")})
    with platform.parsing(bundles=(team.bundle(),)):
        eventually(lambda: versions_of(platform) == {"a": first})
        second = team.upstream.commit({"b.py": dag_file("b")})
        platform.ask("team")
        eventually(lambda: versions_of(platform) == {"a": second, "b": second})

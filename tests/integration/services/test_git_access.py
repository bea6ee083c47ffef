"""Repositories that let in whom a connection names: asked of git itself, and of a real SSH server."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from etesian.bundles.errors import BundleError
from etesian.bundles.git_source import GitSource
from etesian.cli.services.bundle_sources import make_source
from etesian.cli.services.git_access import find_git_access
from etesian.config.bundles import BundleOption
from etesian.config.load import load_settings
from etesian.config.secret import SecretUrl
from tests.servers.git import Repository
from tests.servers.ssh import running_ssh_server


def connect(monkeypatch: pytest.MonkeyPatch, **parts: object) -> None:
    monkeypatch.setenv("ETESIAN_CONN_TEAM_GIT", json.dumps({"conn_type": "git", **parts}))


def option(**fields: object) -> BundleOption:
    return BundleOption(name="team", connection="team_git", **fields)  # type: ignore[arg-type]  # as given


def test_the_token_of_the_connection_is_what_git_logs_in_with(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    connect(
        monkeypatch, host="https://git.example.com/team.git", login="bot", password='it\'s "s3cret" $HOME'
    )
    access = find_git_access(option(), tmp_path)
    assert access.url == "https://git.example.com/team.git"
    filled = subprocess.run(
        ["git", "credential", "fill"],
        input="protocol=https\nhost=git.example.com\n\n",
        env={**os.environ, **access.environ},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert filled.stdout.splitlines()[-2:] == ["username=bot", 'password=it\'s "s3cret" $HOME']


def test_the_bundle_s_own_url_goes_before_that_of_the_connection(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    connect(monkeypatch, host="https://git.example.com/other.git")
    assert (
        find_git_access(option(git=SecretUrl("https://here/team.git")), tmp_path).url
        == "https://here/team.git"
    )


def test_a_repository_behind_ssh_is_fetched_with_the_key_of_the_connection(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    upstream = Repository(tmp_path / "upstream")
    commit = upstream.commit({"a.py": "here"})
    for folder in ("server", "home"):
        (tmp_path / folder).mkdir()
    with running_ssh_server(tmp_path / "server") as server:
        known_hosts = tmp_path / "known_hosts"
        known_hosts.write_text(f"[127.0.0.1]:{server.port} {server.host_key}\n")
        connect(
            monkeypatch,
            host=f"ssh://{server.user}@127.0.0.1:{server.port}{upstream.folder}",
            extra={"private_key": server.key.read_text(), "known_hosts_file": str(known_hosts)},
        )
        told = {"ETESIAN__CORE__BUNDLES": json.dumps([{"name": "team", "connection": "team_git"}])}
        settings = load_settings(told, tmp_path / "home")
        source = make_source(settings, settings.core.bundles[0])
        assert isinstance(source, GitSource)
        source.refresh()
    assert source.place is not None
    assert source.place.version == commit
    assert (tmp_path / "home" / "bundles" / "team" / "key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({}, "connection 'team_git' has no host, and the bundle no URL of a repository"),
        (
            {"host": "ssh://h/r", "extra": {"private_key": "k", "private_key_passphrase": "p"}},
            "has a passphrase",
        ),
    ],
)
def test_a_connection_that_cannot_be_used_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, parts: dict[str, object], said: str
) -> None:
    connect(monkeypatch, **parts)
    with pytest.raises(BundleError, match=said):
        find_git_access(option(), tmp_path)


def test_a_connection_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="The conn_id `team_git` isn't defined"):
        find_git_access(option(), tmp_path)

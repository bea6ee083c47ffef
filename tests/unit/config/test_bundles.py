from __future__ import annotations

import json
from pathlib import Path

import pytest

from etesian.config.bundles import BundleOption
from etesian.config.errors import SettingsError
from etesian.config.load import load_settings
from etesian.config.settings import Settings


def bundles_of(home: Path, *tables: dict[str, object]) -> Settings:
    return load_settings({"ETESIAN__CORE__BUNDLES": json.dumps(tables)}, home)


def test_bundles_are_tables_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "etesian.toml").write_text(
        '[[core.bundles]]\nname = "team"\ngit = "https://git.example.com/team.git"\nref = "release"\n'
        'subfolder = "dags"\n\n[[core.bundles]]\nname = "shared"\nfolder = "/srv/shared"\n'
    )
    team, shared = load_settings({}, tmp_path).core.bundles
    assert (team.name, team.place, team.ref, team.subfolder, team.is_git) == (
        "team",
        "https://git.example.com/team.git",
        "release",
        "dags",
        True,
    )
    assert (shared.name, shared.folder, shared.is_git) == ("shared", Path("/srv/shared"), False)


def test_bundles_may_come_from_the_environment_as_json(tmp_path: Path) -> None:
    (tmp_path / "etesian.toml").write_text('[[core.bundles]]\nname = "team"\nfolder = "/team"\n')
    store = {"name": "store", "files": "s3://bucket/dags", "options": {"anon": True}}
    bundles = bundles_of(tmp_path, store).core.bundles
    assert [(each.name, each.place, each.options) for each in bundles] == [
        ("store", "s3://bucket/dags", {"anon": True})
    ]
    assert load_settings({"ETESIAN__CORE__BUNDLES": ""}, tmp_path).core.bundles == ()


def test_the_url_of_a_repository_may_be_that_of_its_connection(tmp_path: Path) -> None:
    bundle = bundles_of(tmp_path, {"name": "team", "connection": "team_git"}).core.bundles[0]
    assert (bundle.is_git, bundle.place) == (True, "connection team_git")


def test_a_login_is_not_shown() -> None:
    from etesian.config.secret import SecretUrl

    bundle = BundleOption(name="team", git=SecretUrl("https://s3cret@git.example.com/team.git"))
    assert "s3cret" not in str(bundle)
    assert str(bundle) == "team=https://***@git.example.com/team.git"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"name": "a"}, "bundle 'a' needs one of folder, git and files; it has none"),
        (
            {"name": "a", "git": "g", "files": "f"},
            "bundle 'a' needs one of folder, git and files; it has git and files",
        ),
        ({"name": "dags", "folder": "/a"}, "a bundle cannot be called 'dags'"),
        ({"name": "../up", "folder": "/a"}, "a bundle cannot be called '../up'"),
        ({"name": "a", "git": "g", "ref": "--upload-pack=x"}, "bundle 'a' cannot follow '--upload-pack=x'"),
        (
            {"name": "a", "git": "g", "subfolder": "../b"},
            "the subfolder '../b' of bundle 'a' is not inside of it",
        ),
        (
            {"name": "a", "git": "g", "refresh_seconds": 0},
            "bundle 'a' needs refresh_seconds from 1 to 604800, not 0",
        ),
        ({"name": "a", "folder": "/a", "branch": "b"}, "unknown field `branch`"),
        ({"folder": "/a"}, "missing required field `name`"),
    ],
)
def test_a_bundle_that_cannot_be_meant_is_refused(
    tmp_path: Path, table: dict[str, object], said: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        bundles_of(tmp_path, table)
    assert said in str(caught.value)
    assert str(caught.value).startswith(
        "environment variable ETESIAN__CORE__BUNDLES: core.bundles cannot be read: "
    )


def test_two_bundles_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there are two bundles called a"):
        bundles_of(tmp_path, {"name": "a", "folder": "/a"}, {"name": "a", "folder": "/b"})


def test_what_is_not_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"core\.bundles cannot be read: this is not JSON"):
        load_settings({"ETESIAN__CORE__BUNDLES": "team=/srv"}, tmp_path)

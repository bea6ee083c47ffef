"""The encryption of secrets, and the file of its key."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from etesian.store.secrets import DecryptionError, KeyFileError, SecretBox


def test_what_was_encrypted_comes_back(tmp_path: Path) -> None:
    box = SecretBox(tmp_path / "key")
    token = box.encrypt("sesame ü")
    assert "sesame" not in token
    assert box.decrypt(token) == "sesame ü"


def test_the_key_is_made_once_and_is_its_owner_s_alone(tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "key"
    token = SecretBox(file).encrypt("a")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert SecretBox(file).decrypt(token) == "a"
    assert [path.name for path in file.parent.iterdir()] == ["key"]


def test_first_starts_at_the_same_time_agree_on_one_key(tmp_path: Path) -> None:
    boxes = [SecretBox(tmp_path / "key") for _ in range(16)]
    with ThreadPoolExecutor(16) as threads:
        tokens = list(threads.map(lambda box: box.encrypt("a"), boxes))
    assert {SecretBox(tmp_path / "key").decrypt(token) for token in tokens} == {"a"}


def test_nothing_is_made_before_it_is_needed(tmp_path: Path) -> None:
    SecretBox(tmp_path / "key")
    assert list(tmp_path.iterdir()) == []


def test_the_newest_key_encrypts_and_older_ones_still_decrypt(tmp_path: Path) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    token = SecretBox(tmp_path / "unused", old).encrypt("a")
    both = SecretBox(tmp_path / "unused", f"{new}, {old}")
    assert both.decrypt(token) == "a"
    assert SecretBox(tmp_path / "unused", new).decrypt(both.rotate(token)) == "a"
    assert not (tmp_path / "unused").exists()


def test_a_wrong_key_says_where_to_add_the_right_one(tmp_path: Path) -> None:
    token = SecretBox(tmp_path / "one").encrypt("a")
    with pytest.raises(DecryptionError, match="encrypted with another key; add that key"):
        SecretBox(tmp_path / "two").decrypt(token)
    given = SecretBox(tmp_path / "unused", Fernet.generate_key().decode())
    with pytest.raises(DecryptionError, match="to ETESIAN__SECRETS__FERNET_KEYS"):
        given.rotate(token)


def test_a_key_that_is_none_is_refused_without_being_shown(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("tooshort")
    for box in (
        SecretBox(tmp_path / "key"),
        SecretBox(tmp_path / "key", "tooshort"),
        SecretBox(tmp_path, ","),
    ):
        with pytest.raises(KeyFileError, match="no usable key") as caught:
            box.encrypt("a")
        assert "tooshort" not in str(caught.value)


def test_a_key_file_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(KeyFileError, match="cannot be read or made"):
        SecretBox(tmp_path / "file" / "key").encrypt("a")

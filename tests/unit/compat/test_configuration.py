"""``conf``: where an option's value comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from etesian.compat.settings.configuration import AirflowConfigParser
from etesian.sdk.exceptions import AirflowConfigException
from etesian.sdk.secrets_backends.base import BaseSecretsBackend

BACKEND = f"{__name__}.Vault"


class Vault(BaseSecretsBackend):
    """Keeps one setting; asked for another, it fails."""

    def get_config(self, key: str) -> str | None:
        if key != "the-key":
            raise ConnectionError("sealed")
        return "from the vault"


@pytest.fixture
def conf() -> AirflowConfigParser:
    return AirflowConfigParser(default_config="[core]\nfernet_key = default\n[mine]\nsize = 5\n")


def test_what_was_read_counts_before_a_default(conf: AirflowConfigParser) -> None:
    assert conf.getint("mine", "size") == 5
    conf.read_string("[mine]\nsize = 6\n")
    assert conf.getint("mine", "size") == 6


def test_the_environment_counts_before_what_was_read(
    conf: AirflowConfigParser, monkeypatch: pytest.MonkeyPatch
) -> None:
    conf.read_string("[mine]\nsize = 6\n")
    monkeypatch.setenv("AIRFLOW__MINE__SIZE", "7")
    assert conf.getint("mine", "size") == 7


def test_the_level_of_logs_is_written_as_the_logging_module_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETESIAN__LOGGING__LEVEL", "warning")
    assert AirflowConfigParser().get("logging", "logging_level") == "WARNING"


def test_an_option_taken_away_falls_back_to_its_default(
    conf: AirflowConfigParser, monkeypatch: pytest.MonkeyPatch
) -> None:
    conf.read_string("[mine]\nsize = 6\n")
    monkeypatch.setenv("AIRFLOW__MINE__SIZE", "7")
    conf.remove_option("mine", "SIZE")
    assert conf.getint("mine", "size") == 5


def test_a_sensitive_option_may_be_the_output_of_a_command(conf: AirflowConfigParser) -> None:
    conf.read_string("[core]\nfernet_key_cmd = echo 'two words'\n")
    assert conf.get("core", "fernet_key") == "two words"


def test_a_command_that_fails_names_itself(conf: AirflowConfigParser) -> None:
    conf.read_string("[core]\nfernet_key_cmd = false\n")
    with pytest.raises(AirflowConfigException, match="'false' of an option failed with exit code 1"):
        conf.get("core", "fernet_key")


def test_other_options_have_no_command(conf: AirflowConfigParser) -> None:
    conf.read_string("[mine]\nsize_cmd = echo 6\n")
    assert conf.getint("mine", "size") == 5


def test_a_sensitive_option_may_be_kept_by_a_secrets_backend(
    conf: AirflowConfigParser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__SECRETS__BACKEND", BACKEND)
    conf.read_string("[core]\nfernet_key_secret = the-key\n")
    assert conf.get("core", "fernet_key") == "from the vault"


def test_a_secrets_backend_that_cannot_be_asked_is_an_error(
    conf: AirflowConfigParser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__SECRETS__BACKEND", BACKEND)
    conf.read_string("[core]\nfernet_key_secret = another\n")
    with pytest.raises(AirflowConfigException, match=r"Cannot retrieve config.*\n.*sealed"):
        conf.get("core", "fernet_key")


def test_airflows_default_counts_until_our_setting_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ETESIAN_HOME", str(tmp_path))
    assert AirflowConfigParser().getboolean("smtp", "smtp_starttls") is True
    monkeypatch.setenv("ETESIAN__SMTP__STARTTLS", "false")
    assert AirflowConfigParser().getboolean("smtp", "smtp_starttls") is False

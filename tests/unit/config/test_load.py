from __future__ import annotations

from pathlib import Path

import pytest

from etesian.config.errors import SettingsError
from etesian.config.load import load_settings, load_with_sources
from etesian.config.secret import Secret


def write_file(home: Path, text: str) -> None:
    (home / "etesian.toml").write_text(text)


def test_defaults_follow_the_home_folder(tmp_path: Path) -> None:
    settings = load_settings({"ETESIAN_HOME": str(tmp_path)})

    assert settings.home == tmp_path
    assert settings.core.dags_folder == tmp_path / "dags"
    assert settings.database.url.reveal() == f"sqlite:///{tmp_path}/etesian.db"
    assert settings.core.parallelism == 32
    assert (settings.api.host, settings.api.port, settings.api.auth) == ("127.0.0.1", 8080, "none")


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    write_file(tmp_path, "[core]\nparallelism = 4\nload_examples = true\n")

    loaded = load_with_sources({"ETESIAN__CORE__PARALLELISM": "64"}, tmp_path)

    assert loaded.settings.core.parallelism == 64
    assert loaded.settings.core.load_examples is True
    assert loaded.sources == {
        "core.parallelism": "environment variable ETESIAN__CORE__PARALLELISM",
        "core.load_examples": str(tmp_path / "etesian.toml"),
    }


@pytest.mark.parametrize(("text", "value"), [("True", True), ("1", True), ("false", False), ("0", False)])
def test_flags_are_read_as_airflow_users_write_them(tmp_path: Path, text: str, value: bool) -> None:
    settings = load_settings({"ETESIAN__CORE__LOAD_EXAMPLES": text}, tmp_path)

    assert settings.core.load_examples is value


def test_lists_may_be_one_text_with_commas(tmp_path: Path) -> None:
    settings = load_settings({"ETESIAN__CORE__PRELOAD": "pandas, numpy"}, tmp_path)

    assert settings.core.preload == ("pandas", "numpy")


def test_an_empty_text_switches_an_optional_setting_off(tmp_path: Path) -> None:
    settings = load_settings({"ETESIAN__PARSER__MEMORY_LIMIT_MB": ""}, tmp_path)

    assert settings.parser.memory_limit_mb is None


def test_an_optional_number_can_be_set_within_its_limits(tmp_path: Path) -> None:
    settings = load_settings({"ETESIAN__PARSER__MEMORY_LIMIT_MB": "512"}, tmp_path)

    assert settings.parser.memory_limit_mb == 512
    with pytest.raises(SettingsError, match="of at least 64"):
        load_settings({"ETESIAN__PARSER__MEMORY_LIMIT_MB": "63"}, tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "ETESIAN__API__PORT",
            "http",
            "variable ETESIAN__API__PORT: api.port cannot be 'http'; expected a whole number from 0 to 65535",
        ),
        ("ETESIAN__API__AUTH", "basic", "expected one of: none"),
        ("ETESIAN__CORE__DAG_FOLDER", "/dags", "no setting 'dag_folder'; did you mean 'dags_folder'?"),
        ("ETESIAN__COER__PARALLELISM", "1", "there is no section 'coer'; did you mean 'core'?"),
        (
            "ETESIAN__CORE__PARALLELISM",
            "0",
            "cannot be '0'; expected a whole number of at least 1",
        ),
        ("ETESIAN__CORE", "1", "names no setting; write ETESIAN__SECTION__KEY"),
        ("ETESIAN__CORE__DEFAULT_TIMEZONE", "Mars/Olympus", "expected a time zone of the IANA database"),
    ],
)
def test_a_bad_variable_is_named_with_what_is_allowed(
    tmp_path: Path, name: str, value: str, message: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({name: value}, tmp_path)

    assert message in str(caught.value)


def test_a_bad_file_is_named(tmp_path: Path) -> None:
    write_file(tmp_path, "[api]\nport = [1]\n")
    with pytest.raises(SettingsError, match=r"etesian\.toml: api\.port cannot be \[1\]"):
        load_settings({}, tmp_path)


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "etesian.toml").mkdir()
    with pytest.raises(SettingsError, match=r"etesian\.toml cannot be read: .*[Dd]irectory"):
        load_settings({}, tmp_path)


def test_a_setting_outside_a_section_is_refused(tmp_path: Path) -> None:
    write_file(tmp_path, "parallelism = 3\n")
    with pytest.raises(SettingsError, match="'parallelism' stands outside a section"):
        load_settings({}, tmp_path)


def test_a_file_that_is_not_toml_is_refused_with_its_line(tmp_path: Path) -> None:
    write_file(tmp_path, "[core\n")
    with pytest.raises(SettingsError, match=r"is not valid TOML: .*line 1"):
        load_settings({}, tmp_path)


def test_secrets_do_not_show_in_the_tree(tmp_path: Path) -> None:
    settings = load_settings(
        {
            "ETESIAN__SMTP__PASSWORD": "hunter2",
            "ETESIAN__DATABASE__URL": "postgresql+psycopg://etl:hunter2@db/etesian",
        },
        tmp_path,
    )

    assert "hunter2" not in repr(settings)
    assert settings.smtp.password == Secret("hunter2")
    assert str(settings.database.url) == "postgresql+psycopg://etl:***@db/etesian"


def test_a_bad_secret_is_not_repeated_in_the_message(tmp_path: Path) -> None:
    write_file(tmp_path, "[smtp]\npassword = [1234567]\n")
    with pytest.raises(SettingsError) as caught:
        load_settings({}, tmp_path)

    assert "1234567" not in str(caught.value)


def test_what_ours_do_not_say_is_taken_from_airflow_with_its_source(tmp_path: Path) -> None:
    airflow, home = tmp_path / "airflow", tmp_path / "etesian"
    (airflow / "dags").mkdir(parents=True)
    home.mkdir()
    write_file(home, "[core]\nmax_map_length = 7\n")
    file = airflow / "airflow.cfg"
    file.write_text(
        "[core]\nparallelism = 5\nmax_map_length = 9\nexecutor = SequentialExecutor\nload_examples = maybe\n"
        "[smtp]\nsmtp_host = mail.example.org\n[unknown]\nkey = %(not) a value\n"
    )

    loaded = load_with_sources(
        {"AIRFLOW_HOME": str(airflow), "AIRFLOW__CORE__MAX_ACTIVE_RUNS_PER_DAG": "3"}, home
    )

    core = loaded.settings.core
    assert (core.parallelism, core.max_active_runs_per_dag, core.max_map_length) == (5, 3, 7)
    assert (core.executor, core.load_examples) == ("local", False)
    assert core.dags_folder == airflow / "dags"
    assert loaded.sources == {
        "core.max_map_length": str(home / "etesian.toml"),
        "core.parallelism": str(file),
        "core.max_active_runs_per_dag": "environment variable AIRFLOW__CORE__MAX_ACTIVE_RUNS_PER_DAG",
        "core.dags_folder": "environment variable AIRFLOW_HOME",
        "smtp.host": str(file),
    }

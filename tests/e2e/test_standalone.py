"""``etesian standalone`` as a program: one per home, clear words when it cannot start, a clean end."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
from pathlib import Path

import pytest

from tests.e2e.harness import COMMAND, make_environment, processes_of, running_standalone


def run_command(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def check_refusal(ended: subprocess.CompletedProcess[str], *words: str) -> None:
    """The command stopped with one clear sentence."""
    assert ended.returncode not in (0, None), ended.stdout
    assert "Traceback" not in ended.stderr
    for word in words:
        assert word in ended.stderr


def test_a_second_platform_on_the_same_home_says_so_and_stops(tmp_path: Path) -> None:
    with running_standalone(tmp_path / "home") as first:
        second = run_command(make_environment(first.home, {}), "standalone")
        check_refusal(second, "another etesian standalone", str(first.pid), str(first.home))
        assert first.is_healthy()


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other_program:
        port = str(other_program.getsockname()[1])
        environment = make_environment(tmp_path / "home", {"ETESIAN__API__PORT": port})
        check_refusal(run_command(environment, "standalone"), port, "ETESIAN__API__PORT")


def test_a_home_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    home = tmp_path / "file" / "home"
    check_refusal(run_command(make_environment(home, {}), "standalone"), str(home), "ETESIAN_HOME")
    assert (tmp_path / "file").read_bytes() == b""


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=stat.S_IRUSR | stat.S_IXUSR)
    check_refusal(run_command(make_environment(home, {}), "standalone"), str(home), "ETESIAN_HOME")


def test_a_setting_that_does_not_exist_is_named_with_the_one_that_was_meant(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "home", {"ETESIAN__CORE__PARALELISM": "4"})
    check_refusal(run_command(environment, "standalone"), "ETESIAN__CORE__PARALELISM", "'parallelism'")


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("ETESIAN__CORE__EXECUTOR", "celery", "core.executor (ETESIAN__CORE__EXECUTOR) cannot be 'celery'"),
        ("ETESIAN__DATABASE__URL", "mysql://u@h/d", "database 'mysql' is not supported"),
    ],
)
def test_a_setting_that_cannot_be_is_said_before_anything_starts(
    tmp_path: Path, setting: str, value: str, words: str
) -> None:
    ended = run_command(make_environment(tmp_path / "home", {setting: value}), "standalone")
    check_refusal(ended, words, "possible: ")
    assert "Etesian is up" not in ended.stdout


def test_a_home_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    ended = run_command(
        make_environment(tmp_path / "elsewhere", {"ETESIAN_HOME": str(tmp_path / "home")}), "standalone"
    )
    check_refusal(ended, "is not a folder", "ETESIAN_HOME")


def test_authentication_cannot_be_off_on_an_address_that_others_reach(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "home", {"ETESIAN__API__HOST": "0.0.0.0"})
    check_refusal(run_command(environment, "standalone"), "0.0.0.0", "loopback")


def test_ctrl_c_ends_everything_and_the_home_can_be_started_again(tmp_path: Path) -> None:
    with running_standalone(tmp_path / "home") as platform:
        assert platform.stop_gently() == 0
        assert processes_of(platform.home) == []
        assert "Traceback" not in platform.output()
        platform.start()

"""Shell commands, in real processes."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from etesian.hooks import subprocess
from etesian.operators.bash import BashOperator
from etesian.sdk.dags.dag import DAG
from etesian.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from etesian.sensors.bash import BashSensor
from tests.unit.memory_platform import DAY, make_context


@pytest.fixture(autouse=True)
def dag(tmp_path: Path) -> Iterator[DAG]:
    with DAG("dag", start_date=DAY, template_searchpath=str(tmp_path)) as made:
        yield made


def run(command: str, **arguments: Any) -> Any:
    task = BashOperator(task_id="t", bash_command=command, **arguments)
    context = make_context(task)
    task.render_template_fields(context)
    return task.execute(context)


def test_the_last_line_is_the_result_and_every_line_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    assert run("echo {{ ds }}; echo problem >&2; echo last") == "last"
    assert [line for line in ("2030-01-01", "problem", "last") if line in caplog.messages] == [
        "2030-01-01",
        "problem",
        "last",
    ]


def test_lines_are_logged_as_they_come(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    caplog.set_level("INFO")
    go_on = tmp_path / "go-on"
    thread = threading.Thread(target=run, args=(f"echo first; while [ ! -e {go_on} ]; do sleep 0.01; done",))
    thread.start()
    deadline = time.monotonic() + 10
    while "first" not in caplog.messages and time.monotonic() < deadline:
        time.sleep(0.01)
    assert thread.is_alive()
    assert "first" in caplog.messages
    go_on.touch()
    thread.join(10)


def test_the_environment_is_inherited_and_names_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTSIDE", "seen")
    show = "echo ${OUTSIDE:-none} ${OWN:-none} $AIRFLOW_CTX_TASK_ID $ETESIAN_CTX_DAG_RUN_ID"
    assert run(show) == "seen none t run"


def test_a_given_environment_replaces_the_inherited_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTSIDE", "seen")
    show = "echo ${OUTSIDE:-none} ${OWN:-none} $AIRFLOW_CTX_TASK_ID"
    assert run(show, env={"OWN": "{{ ds }}"}) == "none 2030-01-01 t"


def test_the_environment_can_be_added_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTSIDE", "seen")
    assert run("echo $OUTSIDE $OWN", env={"OWN": "own"}, append_env=True) == "seen own"


def test_a_template_file_is_rendered_and_run(tmp_path: Path) -> None:
    (tmp_path / "job.sh").write_text("#!/bin/bash\nset -e\necho day {{ ds }}\n")
    assert run("job.sh") == "day 2030-01-01"


def test_a_command_longer_than_an_argument_may_be_is_run_all_the_same() -> None:
    assert run("true " + "x" * 300_000 + "\necho done") == "done"


def test_a_failing_command_names_its_exit_code() -> None:
    with pytest.raises(AirflowException, match="non-zero exit code 3"):
        run("exit 3")


@pytest.mark.parametrize(("codes", "code"), [(99, 99), ([1, 2], 2), (5, 5)])
def test_some_exit_codes_skip(codes: Any, code: int) -> None:
    with pytest.raises(AirflowSkipException, match=f"returned exit code {code}"):
        run(f"exit {code}", skip_on_exit_code=codes)


def test_without_a_code_that_skips_99_fails() -> None:
    with pytest.raises(AirflowException, match="99"):
        run("exit 99", skip_on_exit_code=None)


def test_the_folder_is_the_given_one_or_a_fresh_one_that_goes(tmp_path: Path) -> None:
    assert run("pwd", cwd=str(tmp_path)) == str(tmp_path)


def test_a_fresh_folder_goes_with_the_task() -> None:
    folder = run("touch file; pwd")
    assert not Path(folder).exists()


def test_a_folder_that_is_not_there_is_named() -> None:
    with pytest.raises(AirflowException, match="'/nowhere' of task 't' is not a folder"):
        run("pwd", cwd="/nowhere")


def test_the_last_line_can_be_processed() -> None:
    assert run("echo 5", output_processor=int) == 5


def test_output_in_another_encoding_is_read_and_bad_bytes_do_no_harm() -> None:
    assert run(r"printf '\xe9\n'", output_encoding="latin-1") == "é"


def test_bytes_that_are_no_text_are_shown_as_escapes() -> None:
    assert run(r"printf 'a\xffb\n'") == r"a\xffb"


def test_a_command_that_is_no_text_is_refused() -> None:
    with pytest.raises(AirflowException, match="bash_command of task 't' must be text"):
        run(" ")


def test_stopping_the_task_stops_all_that_the_command_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    task = BashOperator(
        task_id="t",
        bash_command=f"sleep 300 & echo $! > {pids}; (sleep 301 & echo $! >> {pids}; wait) & wait",
    )
    failures: list[BaseException] = []

    def work() -> None:
        try:
            task.execute(make_context(task))
        except AirflowException as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    deadline = time.monotonic() + 10
    while (not pids.exists() or len(pids.read_text().split()) < 2) and time.monotonic() < deadline:
        time.sleep(0.01)
    task.on_kill()
    thread.join(10)
    assert not thread.is_alive()
    assert "exit code -15" in str(failures[0])
    started = [int(pid) for pid in pids.read_text().split()]
    assert len(started) == 2
    _, alive = psutil.wait_procs(
        [psutil.Process(pid) for pid in started if psutil.pid_exists(pid)], timeout=10
    )
    assert alive == []


def test_a_task_that_is_interrupted_leaves_no_command_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "STOP_GRACE_SECONDS", 0.1)
    pid_file = tmp_path / "pid"
    task = BashOperator(
        task_id="t", bash_command=f"trap '' TERM; echo $$ > {pid_file}; sleep 300 & wait; wait"
    )

    class TimeUp(BaseException):
        """Stands for the signal of a worker."""

    def raise_time_up(*_: object) -> None:
        raise TimeUp

    def interrupt() -> None:
        deadline = time.monotonic() + 10
        while not pid_file.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGUSR1)

    previous = signal.signal(signal.SIGUSR1, raise_time_up)
    try:
        threading.Thread(target=interrupt).start()
        with pytest.raises(TimeUp):
            task.execute(make_context(task))
    finally:
        signal.signal(signal.SIGUSR1, previous)
    pid, deadline = int(pid_file.read_text()), time.monotonic() + 10
    while psutil.pid_exists(pid):  # the kernel takes a moment to forget a killed process
        assert time.monotonic() < deadline, "the command outlives its task"
        time.sleep(0.01)


def test_a_sensor_looks_with_a_command(tmp_path: Path) -> None:
    sensor = BashSensor(task_id="s", bash_command=f"test -e {tmp_path}/ready", poke_interval=0.01)
    assert sensor.poke(make_context(sensor)) is False
    (tmp_path / "ready").touch()
    assert sensor.poke(make_context(sensor)) is True


def test_a_sensor_may_tell_not_yet_from_an_error() -> None:
    not_yet = BashSensor(task_id="a", bash_command="exit 7", retry_exit_code=7)
    assert not_yet.poke(make_context(not_yet)) is False
    wrong = BashSensor(task_id="b", bash_command="exit 1", retry_exit_code=7)
    with pytest.raises(AirflowFailException, match="exit code 1; 7 means to look again"):
        wrong.poke(make_context(wrong))

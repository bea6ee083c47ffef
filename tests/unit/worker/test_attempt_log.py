from __future__ import annotations

import logging
import sys
import time
from pathlib import Path

import pytest

from etesian.telemetry.task_logs import LogLine, iterate_log
from etesian.worker.attempt_log import AttemptLog, LineStream, LogFileHandler


@pytest.fixture
def log(tmp_path: Path) -> AttemptLog:
    log = AttemptLog(lambda text: text.replace("hunter22", "***"), "info")
    log.direct_to(lambda: tmp_path / "run" / "a.log")
    return log


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "a.log"


def lines(path: Path) -> list[tuple[str, str, str]]:
    return [(line.s, line.l, line.m) for line in iterate_log(path)]


def test_the_file_is_made_by_the_first_line(log: AttemptLog, path: Path) -> None:
    assert not path.exists()
    log.write("hello", source="stdout")
    assert lines(path) == [("stdout", "info", "hello")]


def test_text_is_split_into_lines_as_it_comes(log: AttemptLog, path: Path) -> None:
    stream = LineStream(log, "stdout", 1)
    print("one", "two", file=stream)
    print("three\nfour", end="", file=stream)
    assert [m for _, _, m in lines(path)] == ["one two", "three"]
    stream.end_line()
    stream.end_line()
    assert [m for _, _, m in lines(path)] == ["one two", "three", "four"]


def test_of_a_progress_bar_only_the_last_state_is_kept(log: AttemptLog, path: Path) -> None:
    stream = LineStream(log, "stderr", 2, level="warning")
    for percent in (10, 50, 100):
        stream.write(f"\r{percent} %")
    stream.write("\n")
    stream.write("windows\r\n")
    assert lines(path) == [("stderr", "warning", "100 %"), ("stderr", "warning", "windows")]


def test_text_without_an_end_is_cut(log: AttemptLog, path: Path) -> None:
    stream = LineStream(log, "stdout", 1)
    stream.write("x" * 150_000)
    stream.end_line()
    assert [len(m) for _, _, m in lines(path)] == [65536, 65536, 150_000 - 2 * 65536]


def test_much_text_without_an_end_is_cut_in_little_time(log: AttemptLog, path: Path) -> None:
    stream = LineStream(log, "stdout", 1)
    begun = time.process_time()
    stream.write("x" * 65536 * 1000)
    assert time.process_time() - begun < 5.0, "about 0.3 s, and not the square of it"
    stream.end_line()
    assert [len(m) for _, _, m in lines(path)] == [65536] * 1000


def test_secrets_are_masked_in_message_and_traceback(log: AttemptLog, path: Path) -> None:
    log.write("login hunter22", error="ValueError: hunter22")
    (line,) = iterate_log(path)
    assert (line.m, line.e) == ("login ***", "ValueError: ***")


def test_a_log_record_keeps_level_name_and_traceback(log: AttemptLog, path: Path) -> None:
    handler = LogFileHandler(log)
    try:
        raise ValueError("bad")
    except ValueError:
        record = logging.LogRecord(
            "mine", logging.ERROR, __file__, 1, "load %s", ("a",), exc_info=sys.exc_info()
        )
    handler.handle(record)
    (line,) = iterate_log(path)
    assert (line.s, line.l, line.m) == ("mine", "error", "load a")
    assert line.e is not None
    assert line.e.endswith("ValueError: bad")


def test_a_failure_is_one_line_with_its_traceback(log: AttemptLog, path: Path) -> None:
    log.write_failure("it failed", ValueError("bad"))
    (line,) = iterate_log(path)
    assert line == LogLine(
        t=line.t, m="it failed: ValueError: bad", l="error", s="etesian", e="ValueError: bad\n"
    )


def test_a_log_that_cannot_be_written_does_not_fail_the_task(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    log = AttemptLog(str, "info")
    log.direct_to(lambda: tmp_path / "file" / "a.log")
    log.write("lost")

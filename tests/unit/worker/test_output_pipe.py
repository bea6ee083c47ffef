from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from etesian.telemetry.task_logs import iterate_log
from etesian.worker.masking import ValueMask
from etesian.worker.output_pipe import OutputPipe


class Pipe:
    def __init__(self, path: Path) -> None:
        reading, self.writing = os.pipe()
        self.path = path
        self.mask = ValueMask()
        self.output = OutputPipe(reading)
        self.output.direct_to(lambda: path, self.mask.redact)

    def lines(self) -> list[str]:
        return [line.m for line in iterate_log(self.path)]


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[Pipe]:
    pipe = Pipe(tmp_path / "folder" / "a.log")
    yield pipe
    pipe.output.close()
    os.close(pipe.writing)


def test_lines_are_logged_when_they_are_complete(pipe: Pipe) -> None:
    os.write(pipe.writing, b"one\ntw")
    assert pipe.output.read()
    assert pipe.lines() == ["one"]
    os.write(pipe.writing, b"o\n")
    pipe.output.read()
    assert pipe.lines() == ["one", "two"]


def test_at_the_end_a_line_that_was_begun_is_logged(pipe: Pipe) -> None:
    os.write(pipe.writing, b"one\nno end")
    pipe.output.read_rest()
    assert pipe.lines() == ["one", "no end"]


def test_an_empty_pipe_is_not_the_end(pipe: Pipe) -> None:
    assert pipe.output.read()


def test_a_process_that_wrote_nothing_has_no_log(pipe: Pipe) -> None:
    pipe.output.read_rest()
    assert not pipe.path.exists()


def test_a_line_without_an_end_is_cut(pipe: Pipe) -> None:
    for _ in range(5):
        os.write(pipe.writing, b"x" * 60_000)
        pipe.output.read()
    pipe.output.read_rest()
    assert [len(line) for line in pipe.lines()] == [65536] * 4 + [300_000 - 4 * 65536]


def test_bytes_that_are_no_text_are_replaced(pipe: Pipe) -> None:
    os.write(pipe.writing, b"caf\xe9\n")
    pipe.output.read()
    assert pipe.lines() == ["caf�"]


def test_secrets_are_masked_by_value_also_over_several_lines(pipe: Pipe) -> None:
    pipe.mask.add(["hunter22", "-----BEGIN KEY-----\nMIIEabcd\n", "abc"])
    os.write(pipe.writing, b"password=hunter22 abc\nkey: MIIEabcd\n")
    pipe.output.read()
    assert pipe.lines() == ["password=*** abc", "key: ***"]


def test_the_longest_of_overlapping_secrets_is_masked_whole() -> None:
    mask = ValueMask()
    mask.add(["secret"])
    mask.add(["secret-long"])
    assert mask.redact("secret-long secret") == "*** ***"

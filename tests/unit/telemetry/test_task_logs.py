from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etesian.telemetry.task_logs import (
    LogLine,
    LogPage,
    callback_log_path,
    encode_line,
    import_log_path,
    iterate_log,
    log_path,
    open_log,
    read_log,
)

LOGS = Path("/logs")
ANY_NAME = st.text(min_size=1, max_size=250)


def write(path: Path, *lines: LogLine, tail: bytes = b"") -> None:
    path.write_bytes(b"".join(map(encode_line, lines)) + tail)


def test_text_that_is_not_valid_unicode_is_logged_all_the_same(tmp_path: Path) -> None:
    write(tmp_path / "log", LogLine(t="now", m="caf\udce9", e="in caf\udce9"), LogLine(t="now", m="café"))
    assert [(line.m, line.e) for line in iterate_log(tmp_path / "log")] == [
        ("caf\\udce9", "in caf\\udce9"),
        ("café", None),
    ]


def test_the_path_names_dag_run_task_and_try() -> None:
    path = log_path(LOGS, "etl", "manual__2030-01-01T00:00:00+00:00", "group.load", 3, 2)
    assert path == (
        LOGS
        / "dag_id=etl"
        / "run_id=manual__2030-01-01T00:00:00+00:00"
        / "task_id=group.load.map_index=3.attempt=2.log"
    )


@pytest.mark.parametrize("name", ["..", ".", "../../etc/passwd", "/etc/passwd", "a\0b", "a/b", "~", "C:\\x"])
def test_no_name_leads_out_of_the_logs_folder(name: str) -> None:
    for path in (
        log_path(LOGS, name, name, name, -1, 1),
        callback_log_path(LOGS, name, name, name, -1, name),
        callback_log_path(LOGS, name, name, None, -1, name),
        import_log_path(LOGS, name, name),
    ):
        assert Path(os.path.normpath(path)).is_relative_to(LOGS)
        assert "\0" not in str(path)
        assert path.parent != LOGS


@given(ANY_NAME, ANY_NAME)
def test_different_names_have_different_paths_that_every_file_system_takes(first: str, second: str) -> None:
    paths = [log_path(LOGS, "d", "r", task_id, -1, 1) for task_id in (first, second)]
    assert (paths[0] == paths[1]) == (first == second)
    assert all(len(os.fsencode(part)) <= 255 for path in paths for part in path.parts)


def test_a_task_named_like_a_mapped_one_has_a_log_of_its_own() -> None:
    mapped = log_path(LOGS, "d", "r", "a", 1, 1)
    assert log_path(LOGS, "d", "r", "a.map_index=1", -1, 1) != mapped


def test_a_log_is_read_in_pages(tmp_path: Path) -> None:
    lines = [LogLine(t="2030", m=f"line {number}", s="stdout") for number in range(100)]
    path = tmp_path / "a.log"
    write(path, *lines)
    read: list[LogLine] = []
    offset, pages = 0, 0
    while True:
        page = read_log(path, offset, max_bytes=500)
        read += page.lines
        offset, pages = page.next_offset, pages + 1
        if page.at_end:
            break
    assert read == lines
    assert pages > 5
    assert list(iterate_log(path)) == lines


def test_a_line_that_is_being_written_is_left_for_later(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    first, second = LogLine(t="1", m="first"), LogLine(t="2", m="second", l="error", e="Traceback")
    write(path, first, tail=encode_line(second)[:10])
    page = read_log(path)
    assert page == LogPage((first,), len(encode_line(first)), at_end=True)
    write(path, first, second)
    assert read_log(path, page.next_offset).lines == (second,)


def test_a_line_longer_than_a_page_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    long = LogLine(t="1", m="x" * 10_000)
    write(path, long, long)
    page = read_log(path, max_bytes=100)
    assert page.lines == (long,)
    assert not page.at_end


def test_a_missing_log_has_no_lines(tmp_path: Path) -> None:
    assert read_log(tmp_path / "none.log") == LogPage((), 0, at_end=True)


def test_text_that_is_no_line_of_ours_is_shown_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"plain \xff text\n" + encode_line(LogLine(t="1", m="ours")))
    assert [line.m for line in iterate_log(path)] == ["plain � text", "ours"]


def test_opening_a_log_makes_its_folders_and_appends(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "c.log"
    for text in (b"one\n", b"two\n"):
        descriptor = open_log(path)
        os.write(descriptor, text)
        os.close(descriptor)
    assert path.read_bytes() == b"one\ntwo\n"


def test_a_line_that_was_cut_off_does_not_keep_a_reader_asking(tmp_path: Path) -> None:
    path = tmp_path / "cut.log"
    whole = encode_line(LogLine(t="2030-01-01T12:00:00.000000Z", m="whole"))
    path.write_bytes(whole + b'{"t":"2030-01-01T12:00:00.000000Z","m":"cut of')

    page = read_log(path)
    assert ([line.m for line in page.lines], page.next_offset, page.at_end) == (["whole"], len(whole), True)
    rest = read_log(path, page.next_offset)
    assert (rest.lines, rest.next_offset, rest.at_end) == ((), len(whole), True)

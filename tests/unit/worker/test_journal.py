from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from etesian.protocol.reports import Failed, Finished, Succeeded, XComValue
from etesian.worker import journal as journal_module
from etesian.worker.journal import ReportJournal


def report(number: int) -> Finished:
    outcome = (
        Succeeded(xcoms=(XComValue(key="k", value=b"%d" % number),)) if number % 2 else Failed(reason="no")
    )
    return Finished(attempt_id=f"a{number}", outcome=outcome)


def ids(journal: ReportJournal) -> list[str]:
    return [report.attempt_id for report in journal.reports]


def test_reports_are_there_again_after_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "worker" / "reports.journal"
    journal = ReportJournal(path)
    for number in range(5):
        journal.add(report(number))
    journal.acknowledge(["a1", "unknown"])
    again = ReportJournal(path)  # the first one is not closed: its process was killed
    assert ids(again) == ["a0", "a1", "a2", "a3", "a4"], "acknowledged ones may come again, others must"
    assert list(again.reports) == [report(number) for number in range(5)]
    journal.close()
    again.close()


def test_the_file_is_empty_when_everything_is_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "reports.journal"
    journal = ReportJournal(path)
    for number in range(3):
        journal.add(report(number))
    journal.acknowledge(["a0", "a1"])
    assert path.stat().st_size > 0
    journal.acknowledge(["a2"])
    assert path.stat().st_size == 0
    assert journal.is_empty
    journal.add(report(7))
    journal.close()
    assert ids(ReportJournal(path)) == ["a7"]


@pytest.mark.parametrize("cut", [1, 3, 5, 20])
def test_a_torn_last_report_is_cut_off_and_others_are_kept(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "reports.journal"
    journal = ReportJournal(path)
    journal.add(report(1))
    journal.add(report(3))
    journal.close()
    path.write_bytes(path.read_bytes()[:-cut])
    journal = ReportJournal(path)
    assert ids(journal) == ["a1"]
    journal.add(report(5))
    journal.close()
    assert ids(ReportJournal(path)) == ["a1", "a5"], "what is added after a torn report can be read"


def test_damage_costs_only_what_follows_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "reports.journal"
    journal = ReportJournal(path)
    journal.add(report(1))
    journal.close()
    path.write_bytes(path.read_bytes() + b"\x00\x00\x00\x04\xc1\xc1\xc1\xc1")
    assert ids(ReportJournal(path)) == ["a1"]
    assert "is damaged after 1 reports" in caplog.text


def test_the_file_does_not_grow_without_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "_COMPACT_BYTES", 2000)
    path = tmp_path / "reports.journal"
    journal = ReportJournal(path)
    journal.add(report(0))
    for number in range(1, 1000):  # there is always one that is not acknowledged
        journal.add(report(number))
        journal.acknowledge([f"a{number - 1}"])
        assert path.stat().st_size < 5000
    journal.close()
    assert ids(ReportJournal(path))[-1] == "a999"


@contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """As on a full disk, the end of a longer file is not written."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("room", [0, 1, 10])
def test_after_a_full_disk_nothing_is_missing(
    tmp_path: Path, room: int, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "reports.journal"
    journal = ReportJournal(path)
    journal.add(report(0))
    with files_limited_to(path.stat().st_size + room):
        journal.add(report(1))
        journal.add(report(2))
    assert ids(journal) == ["a0", "a1", "a2"]
    assert caplog.text.count("kept in memory only") == 1
    again = ReportJournal(path)
    assert ids(again) == ["a0"], "half a report is not kept"
    again.close()
    journal.add(report(3))
    journal.close()
    assert ids(ReportJournal(path)) == ["a0", "a1", "a2", "a3"]


def test_what_is_acknowledged_on_a_full_disk_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "_COMPACT_BYTES", 100)
    path = tmp_path / "reports.journal"
    journal = ReportJournal(path)
    for number in range(5):
        journal.add(report(number))
    with files_limited_to(0):
        journal.acknowledge(["a0", "a1"])  # wants to make the file smaller, which takes another one
    assert ids(journal) == ["a2", "a3", "a4"]
    journal.close()


def test_a_worker_can_start_on_a_full_disk(tmp_path: Path) -> None:
    path = tmp_path / "reports.journal"
    journal = ReportJournal(path)
    journal.add(report(1))
    journal.close()
    with files_limited_to(0):
        journal = ReportJournal(path)
    assert ids(journal) == ["a1"]
    journal.acknowledge(["a1"])
    journal.add(report(2))
    journal.close()
    assert ids(ReportJournal(path)) == ["a2"]

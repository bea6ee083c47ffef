"""Reports of finished attempts on disk, until the scheduler has stored their effects.

Appended before a report is sent, by one ``write``: what the kernel has taken survives the death of this
process. There is no ``fsync``: after a power cut the scheduler asks about its attempts anyway, and finds them
lost.
"""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from etesian.protocol.frames import FrameError, FrameReader, encode_frame
from etesian.protocol.reports import Finished

logger = logging.getLogger(__name__)

#: Past this size the file is rewritten with the reports that are still needed.
_COMPACT_BYTES: Final = 4 * 1024 * 1024
_FLAGS: Final = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC


class ReportJournal:
    """The reports that were not acknowledged, oldest first, in memory and in one file.

    While the disk is full, reports are kept in memory only; the file is made whole again with the next one that
    can be written.
    """

    def __init__(self, path: Path) -> None:
        """Read what an earlier worker left; a torn last record is cut off."""
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._reports = {report.attempt_id: report for report in _read(path)}
        self._compact_at = _COMPACT_BYTES
        self._descriptor = os.open(path, _FLAGS | os.O_CREAT, 0o600)
        self._size = 0
        self._is_whole = True  #: the file holds all reports that are not acknowledged
        self._rewrite()

    @property
    def reports(self) -> Iterable[Finished]:
        """What must be repeated to a scheduler that connects."""
        return self._reports.values()

    @property
    def is_empty(self) -> bool:
        """Whether everything is acknowledged."""
        return not self._reports

    def __contains__(self, attempt_id: object) -> bool:
        return attempt_id in self._reports

    def add(self, report: Finished) -> None:
        """Keep a report."""
        frame = encode_frame(report)
        self._reports[report.attempt_id] = report
        if not self._is_whole:
            self._rewrite()
            return
        try:
            written = os.write(self._descriptor, frame)
            if written < len(frame):
                os.ftruncate(self._descriptor, self._size)  # half a report would hide all that follow it
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            self._note_failure(error)
        else:
            self._size += written

    def acknowledge(self, attempt_ids: Iterable[str]) -> None:
        """Forget reports whose effects are stored; unknown ids are ignored."""
        for attempt_id in attempt_ids:
            self._reports.pop(attempt_id, None)
        if not self._reports and self._size:
            os.ftruncate(self._descriptor, 0)
            self._size = 0
            self._is_whole = True
        elif self._size > self._compact_at:
            self._rewrite()

    def close(self) -> None:
        """Give the file back; its content stays."""
        os.close(self._descriptor)

    def _rewrite(self) -> None:
        """Replace the file by one with the needed reports only, in one step; if that fails it stays as it is."""
        data = b"".join(map(encode_frame, self._reports.values()))
        new_path = self._path.with_suffix(".new")
        try:
            new_path.touch(0o600)  # it holds what tasks return
            new_path.write_bytes(data)
            descriptor = os.open(new_path, _FLAGS)
            new_path.replace(self._path)
        except OSError as error:
            self._note_failure(error)
            return
        os.close(self._descriptor)
        self._descriptor, self._size, self._is_whole = descriptor, len(data), True
        self._compact_at = max(_COMPACT_BYTES, 2 * len(data))

    def _note_failure(self, error: OSError) -> None:
        if self._is_whole:
            logger.error(
                "cannot write to %s: %s; reports are kept in memory only", self._path, error.strerror
            )
        self._is_whole = False


def _read(path: Path) -> list[Finished]:
    reports: list[Finished] = []
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return reports
    reader: FrameReader[Finished] = FrameReader(Finished)
    try:
        reports.extend(reader.feed(data))  # takes those before the damage
    except FrameError as error:
        logger.error("%s is damaged after %d reports; the rest is lost: %s", path, len(reports), error)
    return reports

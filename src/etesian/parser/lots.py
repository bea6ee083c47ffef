"""Which files one child imports after another: alone when little is to do, several when much is."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from etesian.parser.owners import FileKey

#: A process that has imported one file imports the next one several times faster than a new process would.
_MAX_LOT_FILES: Final = 16


@dataclass(slots=True)
class FileJob:
    """One file to be imported."""

    key: FileKey
    folder: Path  #: of its bundle
    is_alone: bool = False  #: it must be the first of a process: nothing before it can be to blame
    losses: int = 0  #: how many nurseries died with it


class LotQueue:
    """Files that wait for a child."""

    def __init__(self) -> None:
        self._jobs: deque[FileJob] = deque()

    def __len__(self) -> int:
        return len(self._jobs)

    @property
    def is_suspect(self) -> bool:
        """Whether the first file was being imported when a nursery died."""
        return bool(self._jobs and self._jobs[0].losses)

    def add(self, job: FileJob) -> None:
        """Add a file at the end."""
        self._jobs.append(job)

    def put_back(self, jobs: list[FileJob]) -> None:
        """Add files at the front: they were taken before and are not done."""
        self._jobs.extendleft(reversed(jobs))

    def take(self, processes: int) -> list[FileJob]:
        """Return the files for one child, in order: an even share for each process, of one bundle."""
        share = min(_MAX_LOT_FILES, -(-len(self._jobs) // (processes + 1)))
        lot: list[FileJob] = []
        while self._jobs and len(lot) < share:
            job = self._jobs[0]
            if lot and (job.is_alone or job.folder != lot[0].folder):
                break
            lot.append(self._jobs.popleft())
            if job.is_alone:
                break
        return lot

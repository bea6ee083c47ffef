"""Parsing some files once, without a store: for ``etesian check``, ``dags list --local`` and the like."""

from __future__ import annotations

import select
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from etesian.foundation.clock import SystemClock
from etesian.foundation.errors import EtesianError
from etesian.foundation.valid_text import as_valid_text, is_valid_text
from etesian.parser.crew import Answerer, Crew, FileResult
from etesian.parser.failure import FailureWriter
from etesian.parser.messages import ImportFailure
from etesian.parser.owners import FileKey
from etesian.parser.settings import Bundle, ParserSettings
from etesian.protocol.requests import (
    Answer,
    FoundConnection,
    FoundValue,
    GetConnection,
    GetRunStates,
    GetVariable,
    Refused,
    Request,
    RunInfos,
)
from etesian.sdk.dags.dag_files import find_dag_files, mentions_dags
from etesian.spec.codec import decode_dag
from etesian.spec.dag import DagSpec


class NoDagFileError(EtesianError):
    """A path that is neither a DAG file nor a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            f"{str(path)!r} is neither a Python file, a zip archive of them, nor a folder of such files"
        )


class LocalFile(msgspec.Struct, frozen=True, kw_only=True):
    """What one file gave."""

    path: Path
    file: str  #: relative to its folder
    specs: tuple[DagSpec, ...]
    failures: tuple[ImportFailure, ...]
    warnings: tuple[str, ...]
    seconds: float  #: how long the import took, the start of its process included


def parse_once(
    paths: Sequence[Path], *, settings: ParserSettings | None = None, answer: Answerer | None = None
) -> list[LocalFile]:
    """Return what each file below ``paths`` gives, in the order of their names. See ``iter_parse_once``."""
    return sorted(iter_parse_once(paths, settings=settings, answer=answer), key=lambda found: found.path)


def iter_parse_once(
    paths: Sequence[Path], *, settings: ParserSettings | None = None, answer: Answerer | None = None
) -> Iterator[LocalFile]:
    """Yield what each file below ``paths`` gives, as soon as it is known.

    A folder is searched as the parser would. Variables and connections come from ``answer``; by default there
    are none but those of the environment.

    Raises:
        NoDagFileError: a path is none; nothing was parsed.
        NurseryError: the process that imports files cannot be started.
    """
    settings = settings or ParserSettings(bundles=())
    jobs = deque(job for path in paths for job in _find_jobs(path, settings))
    folders = {str(number): folder for number, (folder, _) in enumerate(jobs)}
    crew = Crew(settings, SystemClock(), answer or answer_without_store)
    try:
        queued: deque[FileKey] = deque()
        for number, (folder, file) in enumerate(jobs):
            if is_valid_text(file):
                queued.append(FileKey(str(number), file))
            else:
                yield _misnamed_file(folder, as_valid_text(file))
        while queued or not crew.is_idle:
            while queued and crew.has_room:
                key = queued.popleft()
                crew.add(key, folders[key.bundle])
            crew.begin()
            select.select([crew], [crew] if crew.has_unsent else [], [])
            for result in crew.work():
                yield _local_file(result, folders[result.key.bundle])
    finally:
        crew.close()


def answer_without_store(request: Request) -> Answer:
    """Answer a DAG file's module-level code where there is no platform: there is nothing."""
    match request:
        case GetVariable(id=number):
            return FoundValue(id=number)
        case GetConnection(id=number):
            return FoundConnection(id=number)
        case GetRunStates(id=number):
            return RunInfos(id=number)
        case _:
            return Refused(
                id=getattr(request, "id", 0),
                reason="there is no platform to ask while a file is only checked",
            )


def _find_jobs(path: Path, settings: ParserSettings) -> list[tuple[Path, str]]:
    path = path.absolute()
    if path.is_dir():
        found = find_dag_files(path, settings.ignore_syntax)
        return [(path, file) for file in found if not settings.safe_mode or _may_have_dags(path / file)]
    if path.is_file() and path.suffix in (".py", ".zip"):
        folder = _folder_of(path, settings.bundles)
        return [(folder, path.relative_to(folder).as_posix())]
    raise NoDagFileError(path)


def _folder_of(path: Path, bundles: Sequence[Bundle]) -> Path:
    """Return the folder whose modules the file may import: its bundle's, or its own."""
    around = [bundle.folder.absolute() for bundle in bundles if path.is_relative_to(bundle.folder.absolute())]
    return max(around, key=lambda folder: len(folder.parts), default=path.parent)


def _may_have_dags(path: Path) -> bool:
    try:
        return path.suffix == ".zip" or mentions_dags(path.read_bytes())
    except OSError:
        return True  # the import will say what is wrong


def _misnamed_file(folder: Path, file: str) -> LocalFile:
    failures = (FailureWriter.of_name(file),)
    return LocalFile(path=folder / file, file=file, specs=(), failures=failures, warnings=(), seconds=0.0)


def _local_file(result: FileResult, folder: Path) -> LocalFile:
    parsed = result.parsed
    return LocalFile(
        path=folder / result.key.file,
        file=result.key.file,
        specs=tuple(decode_dag(dag.spec) for dag in parsed.dags),
        failures=parsed.failures,
        warnings=parsed.warnings,
        seconds=result.seconds,
    )

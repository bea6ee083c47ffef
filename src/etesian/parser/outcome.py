"""What a parsed file means for the platform: the DAGs it gains and loses, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from etesian.bundles.source import WHOLE_BUNDLE
from etesian.parser.failure import FailureWriter
from etesian.parser.messages import ImportFailure, Parsed, ParsedDag
from etesian.parser.owners import DagOwners, FileKey


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOutcome:
    """What should be stored about one file."""

    key: FileKey
    bundle_version: str | None = None  #: of the files that were read
    is_unchanged: bool = False  #: nothing but the version of the bundle is another one
    code_hash: str = ""
    source: str = ""
    dags: tuple[ParsedDag, ...] = ()
    gone: frozenset[str] = frozenset()  #: dag_ids that the file no longer defines
    failures: tuple[ImportFailure, ...] = ()
    released: frozenset[FileKey] = field(
        default_factory=frozenset
    )  #: files to parse again: a dag_id of theirs is free


def judge_parsed(key: FileKey, folder: Path, parsed: Parsed, owners: DagOwners) -> FileOutcome:
    """Return what a parsed file means, and note it in ``owners``.

    A DAG that another file has keeps its first definition. When something in the file failed, the DAGs that
    it had before stay as they were.
    """
    accepted: list[ParsedDag] = []
    failures = list(parsed.failures)
    for dag in parsed.dags:
        other = owners.claim(dag.dag_id, key)
        if other is None:
            accepted.append(dag)
        else:
            failures.append(FailureWriter(folder, key.file).of_duplicate(dag.dag_id, dag.line, str(other)))
    gone: set[str] = set()
    released: set[FileKey] = set()
    if not parsed.failures:
        gone, released = owners.keep_only(key, {dag.dag_id for dag in accepted})
    return FileOutcome(
        key=key,
        dags=tuple(accepted),
        gone=frozenset(gone),
        failures=tuple(failures),
        released=frozenset(released),
    )


def judge_misnamed(key: FileKey) -> FileOutcome:
    """Return what it means that the name of a file, which ``key`` has in escapes, is not UTF-8."""
    return FileOutcome(key=key, failures=(FailureWriter.of_name(key.file),))


def judge_gone(key: FileKey, owners: DagOwners) -> FileOutcome:
    """Return what it means that a file is gone or no longer speaks of DAGs, and note it in ``owners``."""
    gone, released = owners.keep_only(key, ())
    return FileOutcome(key=key, gone=frozenset(gone), released=frozenset(released))


def judge_unchanged(key: FileKey, version: str) -> FileOutcome:
    """Return what it means that a file and all that it reads are the same in another version of the bundle."""
    return FileOutcome(key=key, bundle_version=version, is_unchanged=True)


def judge_unfetched(bundle: str, message: str) -> FileOutcome:
    """Return what it means that the files of a bundle cannot be fetched: its DAGs stay as they are."""
    return FileOutcome(key=FileKey(bundle, WHOLE_BUNDLE), failures=(ImportFailure(message=message),))


def judge_fetched(bundle: str) -> FileOutcome:
    """Return what it means that the files of a bundle can be fetched again."""
    return FileOutcome(key=FileKey(bundle, WHOLE_BUNDLE))

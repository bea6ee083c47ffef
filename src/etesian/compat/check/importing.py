"""Importing a file in a process of its own, and building the specs of its DAGs as the parser would."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from etesian.compat import install
from etesian.compat.check.finding import FileReport, Finding, Severity
from etesian.compat.check.reading import read_findings
from etesian.foundation.errors import EtesianError
from etesian.sdk.dags.dag_loading import DagFileError, load_file
from etesian.sdk.dags.spec_building import build_spec

#: What the process that imports one file may allocate.
MEMORY_LIMIT_BYTES: Final = 4 * 1024**3


def find_files(folder: Path) -> list[Path]:
    """Return the Python files below a folder, in order; of a file, itself."""
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder]


def check_folder(folder: Path, *, timeout: float) -> Iterator[FileReport]:
    """Yield a report for each Python file below a folder, in order; a DAG id that was seen before is a finding."""
    seen: dict[str, Path] = {}
    root = folder if folder.is_dir() else folder.parent
    for path in find_files(folder):
        report = check_file(path, dags_folder=root, timeout=timeout)
        for dag_id in report.dags:
            if dag_id in seen:
                text = f"DAG {dag_id!r} is also defined in {seen[dag_id].relative_to(root)}; one of them will not run"
                report.findings.append(Finding(line=1, severity=Severity.ERROR, text=text))
            seen.setdefault(dag_id, path)
        yield report


def check_file(path: Path, *, dags_folder: Path, timeout: float) -> FileReport:
    """Return what is to be said of one file. It runs nothing but the file's own top level, and no task."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_work, args=(path, dags_folder, sender), daemon=True)
    child.start()
    sender.close()
    try:
        report = receiver.recv() if receiver.poll(timeout) else None
    except EOFError:
        child.join()
        report = _failed(path, _describe_end(child.exitcode or 0))
    finally:
        child.kill()
        child.join()
        receiver.close()
    return report or _failed(path, f"importing the file takes longer than {timeout:.0f} s")


def _describe_end(code: int) -> str:
    end = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    return f"the process {end} while it imported the file; a DAG file must only define DAGs"


def _isolate() -> None:
    """Let the file print to nobody, and end before it takes the memory of the machine."""
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    sys.stdout = sys.stderr = os.fdopen(null, "w")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    if most == resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_LIMIT_BYTES, MEMORY_LIMIT_BYTES))


def _failed(path: Path, text: str) -> FileReport:
    return FileReport(path=path, findings=[Finding(line=1, severity=Severity.ERROR, text=text)])


def _work(path: Path, dags_folder: Path, sender: Connection) -> None:
    _isolate()
    install()
    findings = read_findings(path.read_bytes())
    dags: dict[str, int] = {}
    try:
        loaded = load_file(path, dags_folder=dags_folder)
    except DagFileError as error:
        known = {finding.line for finding in findings if finding.severity is Severity.ERROR}
        if error.line not in known:
            findings.append(Finding(line=error.line or 1, severity=Severity.ERROR, text=str(error)))
    else:
        findings += [Finding(line=1, severity=Severity.WARNING, text=warning) for warning in loaded.warnings]
        for dag_id, dag in loaded.dags.items():
            dags[dag_id] = len(dag.task_dict)
            findings += _structure(dag, loaded.file)
    sender.send(FileReport(path=path, dags=dags, findings=sorted(set(findings))))


def _structure(dag: Any, file: str) -> Iterator[Finding]:
    """Yield what keeps a DAG that was imported from being run, such as a cycle or a schedule that nobody can read."""
    try:
        build_spec(dag, file=file)
    except EtesianError as error:
        yield Finding(line=dag.line or 1, severity=Severity.ERROR, text=str(error))

"""The process that imports DAG files. User code runs here: no database, no settings, no token."""

from __future__ import annotations

import faulthandler
import os
import resource
import signal
import socket
import sys
import traceback
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final, NoReturn

from etesian.foundation.process import die_with_parent, set_process_name
from etesian.parser.child_platform import ChildPlatform
from etesian.parser.custom_points import with_points
from etesian.parser.failure import FailureWriter
from etesian.parser.messages import ImportFailure, Parsed, ParsedDag, ParseFiles
from etesian.parser.reads import ReadTracker
from etesian.parser.surroundings import Surroundings
from etesian.protocol.frames import encode_frame
from etesian.sdk.dags.bytecode import forget_fresh_bytecode
from etesian.sdk.dags.dag import DAG
from etesian.sdk.dags.dag_loading import load_file
from etesian.sdk.dags.spec_building import build_spec
from etesian.sdk.runtime import set_platform
from etesian.spec.codec import encode_dag

#: Resident memory is what is limited; address space only stops what grows faster than it is looked at.
_ADDRESS_SPACE_FACTOR: Final = 8


def run_child(request: ParseFiles, channel: socket.socket, output: int, parent_pid: int) -> NoReturn:
    """Import the files, send what each gave, and end. See ``ParseFiles`` for when it ends early."""
    status = 1
    try:
        _isolate(request, output, parent_pid)
        set_platform(ChildPlatform(channel, request.request_timeout_seconds))
        own_pid = os.getpid()
        for parsed in parse_files(Path(request.folder), request.files):
            if os.getpid() != own_pid:
                break  # a copy that the file forked has nothing to say
            sys.stdout.flush()
            channel.sendall(encode_frame(parsed))
        status = 0
    except BaseException:  # the last frame of a process: whatever it is, it belongs into the output
        traceback.print_exc()
    finally:
        os._exit(status)


def parse_files(folder: Path, files: Sequence[str]) -> Iterator[Parsed]:
    """Import the files of a bundle, for as long as each finds the process as the first one did."""
    tracker = ReadTracker(folder)
    surroundings = Surroundings(folder)
    for file in files:
        parsed = parse_file(folder, file, tracker)
        if parsed.failures and file != files[0]:
            return  # a file before it may be to blame
        yield parsed
        if not surroundings.restore():
            return


def parse_file(folder: Path, file: str, tracker: ReadTracker) -> Parsed:
    """Import a DAG file of a bundle and return its DAGs, what is wrong with it, and what it read.

    One DAG that cannot be described does not stop the others of its file.
    """
    writer = FailureWriter(folder, file)
    failures: list[ImportFailure] = []
    dags: list[ParsedDag] = []
    found: Collection[DAG] = ()
    warnings: tuple[str, ...] = ()
    tracker.begin()
    try:
        loaded = load_file(folder / file, dags_folder=folder)
        found, warnings = loaded.dags.values(), loaded.warnings
    except BaseException as error:  # also KeyboardInterrupt and the like, when user code raises them
        failures.append(writer.of_import(error))
    for dag in found:
        try:
            dags.append(describe_dag(dag, file))
        except BaseException as error:
            failures.append(writer.of_dag(error, dag.dag_id, dag.line))
    reads = tracker.paths(file)
    # Also of modules that raised, which `load_file` cannot know of any more.
    forget_fresh_bytecode((folder / path).resolve() for path in (file, *reads))
    return Parsed(file=file, dags=tuple(dags), failures=tuple(failures), reads=reads, warnings=warnings)


def describe_dag(dag: DAG, file: str) -> ParsedDag:
    """Return what the platform needs to know of one DAG."""
    spec, renew_at = with_points(dag, build_spec(dag, file=file))
    return ParsedDag(dag_id=spec.dag_id, spec=encode_dag(spec), line=dag.line, renew_at=renew_at)


def _isolate(request: ParseFiles, output: int, parent_pid: int) -> None:
    os.setsid()  # what the file starts can be ended with it
    die_with_parent(parent_pid)
    set_process_name("etesian parse")
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(null)
    # The nursery ends a child that takes too long by SIGABRT: the line at which it hung is in the dump.
    faulthandler.enable(output, all_threads=True)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if request.memory_limit_bytes is not None:
        limit = request.memory_limit_bytes * _ADDRESS_SPACE_FACTOR
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

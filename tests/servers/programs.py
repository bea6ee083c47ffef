"""Server programs of the tests: found, started on loopback, waited for, and stopped by their process id."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

START_TIMEOUT_SECONDS = 30
_PLACES = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def need_program(name: str, debian: str) -> str:
    """Return the path of a program, or skip the test and say how to get it."""
    path = os.pathsep.join([os.environ.get("PATH", ""), *_PLACES])
    found = shutil.which(name, path=path)
    if found is None:
        pytest.skip(f"{name.upper()} IS MISSING: these tests need it (Debian: apt-get install {debian})")
    return found


@contextmanager
def running(
    command: Sequence[str], *, log: Path, port: int = 0, is_ready: Callable[[], bool] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the end of the block; it is ready when its port answers, or ``is_ready`` says so."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        try:
            _wait_until(is_ready or (lambda: _answers(port)), process, log)
            yield process
        finally:
            stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process, gently first."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_until(is_ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended at once: {log.read_text()[-2000:]}")
        if is_ready():
            return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} did not answer in time: {log.read_text()[-2000:]}")


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True

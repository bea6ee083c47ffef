"""A real Docker engine: the one that runs on this machine, else one that root may start; and a small image."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import pytest

from tests.servers.programs import need_program, running

IMAGE = "etesian-test:busybox"
_TOOLS = ("sh", "echo", "cat", "sleep", "false", "env", "ls")


@contextmanager
def running_docker() -> Iterator[str]:
    """Give the address of an engine that has the image; an engine that was started is stopped at the end."""
    docker = pytest.importorskip("docker", reason="NOT INSTALLED: docker, the engine's client library")
    with _engine(docker) as url:
        client = docker.APIClient(base_url=url, timeout=60)
        try:
            client.import_image_from_data(
                _root_file_system(), repository=IMAGE.partition(":")[0], tag="busybox"
            )
            yield url
            client.remove_image(IMAGE, force=True)
        finally:
            client.close()


@contextmanager
def _engine(docker: Any) -> Iterator[str]:
    url = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if _answers(docker, url):
        yield url
        return
    if os.geteuid() != 0 or any(process.name() == "dockerd" for process in psutil.process_iter()):
        pytest.skip(f"NO DOCKER ENGINE answers at {url}, and none can be started beside or without root")
    program = need_program("dockerd", debian="docker.io iptables")
    with TemporaryDirectory(prefix="etesian-docker-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        url = f"unix://{folder / 'socket'}"
        # No networks: nothing of the machine's own is changed.
        options = ["--bridge=none", "--iptables=false", "--ip-forward=false", "--ip-masq=false"]
        places = [f"--{kind}-root={folder / kind}" for kind in ("data", "exec")]
        command = [program, *options, *places, "-H", url, "-p", str(folder / "pid")]
        with running(command, is_ready=lambda: _answers(docker, url), log=folder / "log"):
            yield url


def _answers(docker: Any, url: str) -> bool:
    try:
        client = docker.APIClient(base_url=url, timeout=5)
        return bool(client.ping())
    except Exception:  # whatever it is, there is no engine
        return False


def _root_file_system() -> bytes:
    """Return a tar file with a static busybox under the names of a few tools."""
    busybox = need_program("busybox", debian="busybox-static")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.add(str(Path(busybox).resolve()), "bin/busybox")
        for tool in _TOOLS:
            link = tarfile.TarInfo(f"bin/{tool}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
        folder = tarfile.TarInfo("tmp")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o1777
        tar.addfile(folder)
    return buffer.getvalue()

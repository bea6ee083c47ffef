"""A real OpenSSH server on loopback that lets the user who runs the tests in by key."""

from __future__ import annotations

import getpass
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.harness import find_free_port
from tests.servers.programs import need_program, running

_CONFIG = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/user_key.pub
PidFile {folder}/pid
UsePAM no
StrictModes no
PasswordAuthentication no
PermitRootLogin yes
Subsystem sftp internal-sftp
"""


@dataclass(frozen=True)
class SshServer:
    """A running server."""

    port: int
    user: str
    key: Path  #: the private key that opens it
    host_key: str  #: the server's own public key


@contextmanager
def running_ssh_server(folder: Path) -> Iterator[SshServer]:
    """Start the server and stop it at the end."""
    program = need_program("sshd", debian="openssh-server")
    keygen = need_program("ssh-keygen", debian="openssh-client")
    for name in ("host_key", "user_key"):
        command = [keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(command, check=True, capture_output=True, timeout=30)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where the server, as root, locks its connections up
    port = find_free_port()
    config = folder / "sshd_config"
    config.write_text(_CONFIG.format(port=port, folder=folder))
    with running([program, "-D", "-e", "-f", str(config)], port=port, log=folder / "log"):
        host_key = (folder / "host_key.pub").read_text().split()
        yield SshServer(port, getpass.getuser(), folder / "user_key", " ".join(host_key[:2]))

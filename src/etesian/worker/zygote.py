"""The zygote: a clean process that has imported what all tasks need, and forks DAG hosts from itself.

It is a fresh interpreter, not a fork of the worker's caller: it inherits no threads, locks, sockets or
database drivers, and is small, which is what makes forking cheap. Run as ``python -m etesian.worker.zygote
<control> <settings>``.
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import logging
import os
import signal
import socket
import sys
import traceback
import warnings
from collections.abc import Sequence
from typing import NoReturn

import msgspec

from etesian.foundation.process import set_process_name
from etesian.protocol.frames import decoder_of
from etesian.telemetry.process_logs import configure_process_log
from etesian.worker.attempt import Attempt
from etesian.worker.dag_host import DagHost, HostSockets
from etesian.worker.fork_loop import ForkLoop
from etesian.worker.large_pages import own_memory, use_large_pages
from etesian.worker.messages import DagFile, HostEnded, KillHost, ProcessSettings, StartHost, ToHost, ToZygote
from etesian.worker.packets import PacketSocket, PeerGoneError
from etesian.worker.rehearsal import rehearse
from etesian.worker.runner import TaskRunner, create_runner

logger = logging.getLogger(__name__)


def preload(names: Sequence[str]) -> None:
    """Import modules ahead of time; of ``module:function``, call the function as well.

    Modules that are not there are left out; those that fail are named in the log.
    """
    for name in names:
        module_name, _, function_name = name.partition(":")
        try:
            if _is_there(module_name):
                module = importlib.import_module(module_name)
                if function_name:
                    getattr(module, function_name)()
        except Exception:
            logger.warning("cannot preload %r; tasks that need it import it themselves", name, exc_info=True)


def _is_there(module_name: str) -> bool:
    try:
        return importlib.util.find_spec(module_name) is not None
    except ModuleNotFoundError:
        return False  # a package above it is missing


class Zygote:
    """Forks a DAG host per request and tells when one has ended."""

    def __init__(
        self, control: PacketSocket[ToZygote], runner: TaskRunner, settings: ProcessSettings
    ) -> None:
        """``runner`` is copied into each DAG host, as is everything here: what it has learned, they know."""
        self._control = control
        self._runner = runner
        self._attempt = Attempt(runner, settings)
        self._settings = settings
        self._memory = own_memory()
        self._hosts: dict[int, int] = {}  #: number of each DAG host, by its pid

    def serve(self) -> None:
        """Work until the supervisor closes its end. DAG hosts notice that too, and end their attempts
        themselves.
        """
        loop: ForkLoop[ToZygote] = ForkLoop(self._control)
        try:
            while True:
                if loop.wait():
                    self._receive(loop)
                for ended in loop.reap():
                    number = self._hosts.pop(ended.pid, None)
                    if number is not None:
                        self._control.send(HostEnded(number=number, status=ended.status))
        except PeerGoneError:
            loop.close()

    def _receive(self, loop: ForkLoop[ToZygote]) -> None:
        received = self._control.receive()
        if received is None:
            return
        message, descriptors = received
        match message:
            case StartHost(number=number, dag_file=dag_file):
                self._start_host(number, dag_file, descriptors, loop)
            case KillHost(number=number):
                self._kill(number)

    def _start_host(
        self, number: int, dag_file: DagFile, descriptors: list[int], loop: ForkLoop[ToZygote]
    ) -> None:
        parent_pid = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            logger.error("cannot fork a process for DAG file %r: %s", dag_file.file, error.strerror)
            self._control.send(HostEnded(number=number, status=os.EX_OSERR << 8))
        else:
            if pid == 0:
                self._become_host(dag_file, descriptors, parent_pid, loop)
            self._hosts[pid] = number
        for descriptor in descriptors:
            os.close(descriptor)

    def _become_host(
        self, dag_file: DagFile, descriptors: list[int], parent_pid: int, loop: ForkLoop[ToZygote]
    ) -> NoReturn:
        try:
            loop.close()
            control, channel, output = descriptors
            sockets = HostSockets(socket.socket(fileno=control), socket.socket(fileno=channel), output)
            host = DagHost(dag_file, sockets, self._runner, self._attempt, self._settings, self._memory)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        host.run(parent_pid)

    def _kill(self, number: int) -> None:
        pid = next((pid for pid, known in self._hosts.items() if known == number), None)
        if pid is None:
            return
        try:
            os.killpg(pid, signal.SIGKILL)  # what the file started while it was imported goes with it
        except ProcessLookupError:
            os.kill(pid, signal.SIGKILL)  # forked a moment ago, does not lead its group yet


def main() -> None:
    """Prepare this process, then serve the supervisor whose socket is inherited."""
    control = socket.socket(fileno=int(sys.argv[1]))
    control.set_inheritable(False)
    settings = msgspec.json.decode(sys.argv[2], type=ProcessSettings)
    configure_process_log("zygote")
    set_process_name("etesian zygote")
    preload(settings.preload)
    runner = create_runner(settings.runner)
    try:
        rehearse(runner, settings)
    except Exception:
        logger.warning("the rehearsal of a task failed; tasks will start more slowly", exc_info=True)
    # What follows would otherwise be done by each DAG host, on memory that has to be copied for it.
    warnings.filterwarnings("ignore", message=".*multi-threaded, use of fork.*", category=DeprecationWarning)
    decoder_of(ToHost)
    gc.collect()
    gc.freeze()
    use_large_pages()
    Zygote(PacketSocket(control, ToZygote), runner, settings).serve()


if __name__ == "__main__":
    main()

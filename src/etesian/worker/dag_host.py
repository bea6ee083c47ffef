"""The DAG host: imports one DAG file, once, and forks a process per attempt that starts with the file
imported.
"""

from __future__ import annotations

import gc
import os
import resource
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

import msgspec

from etesian.foundation.process import die_with_parent, set_process_name
from etesian.sdk.runtime import set_platform
from etesian.worker.attempt import Attempt
from etesian.worker.channel_platform import AttemptChannel, ChannelPlatform
from etesian.worker.dag_file import load_dag_file
from etesian.worker.failed_import import describe_load_failure
from etesian.worker.fork_loop import ChildEnd, ForkLoop
from etesian.worker.groups import ProcessGroups
from etesian.worker.large_pages import Range, use_large_pages
from etesian.worker.messages import (
    DagFile,
    Exited,
    Fork,
    ForkFailed,
    Loaded,
    ProcessSettings,
    Signal,
    ToHost,
)
from etesian.worker.packets import PacketSocket, PeerGoneError
from etesian.worker.process_setup import become_attempt, redirect_output, reset_signals
from etesian.worker.runner import TaskRunner

#: An import that takes more than this makes it worth while to tidy up for those who share the memory.
_HEAVY_IMPORT_BYTES: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class HostSockets:
    """What the supervisor gave this host."""

    control: socket.socket
    channel: socket.socket
    output: int


class DagHost:
    """One process. It never runs a task, and after the import it runs no user code at all."""

    def __init__(
        self,
        dag_file: DagFile,
        sockets: HostSockets,
        runner: TaskRunner,
        attempt: Attempt,
        settings: ProcessSettings,
        shared: Sequence[Range],
    ) -> None:
        """``attempt`` is what forks of this process do; ``shared`` the memory in common with the zygote."""
        self._file = dag_file
        self._shared = shared
        self._runner = runner
        self._attempt = attempt
        self._settings = settings
        self._channel = sockets.channel
        self._output = sockets.output
        self._control: PacketSocket[ToHost] = PacketSocket(sockets.control, ToHost)
        self._groups = ProcessGroups(settings.stop_grace_seconds)

    def run(self, zygote_pid: int) -> NoReturn:
        """Import the file and fork attempts until the supervisor closes the control socket; then end the
        process.
        """
        status = 1
        try:
            self._become_host(zygote_pid)
            if self._file.is_spawned or self._load():
                # The end of the control socket is what ends this host from here on, not that of the zygote.
                die_with_parent(zygote_pid, 0)
                self._serve()
            status = 0
        except PeerGoneError:
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)

    def _become_host(self, zygote_pid: int) -> None:
        os.setsid()
        die_with_parent(zygote_pid)
        name = Path(self._file.file).stem
        set_process_name(f"dag host {name}")
        redirect_output(self._output)

    def _load(self) -> bool:
        """Import the file, tell the supervisor how that went, and return whether attempts can be forked."""
        before = _peak_memory_bytes()
        channel = AttemptChannel()
        channel.connect(self._channel)
        set_platform(ChannelPlatform(channel, self._settings.import_request_seconds))
        try:
            load_dag_file(self._runner, self._file)
        except BaseException as error:  # sys.exit() in a DAG file is a failed import like any other
            self._control.send(describe_load_failure(self._file.file, error))
            return False
        finally:
            set_platform(None)
            channel.close()
            sys.stdout.flush()
            sys.stderr.flush()
        threads = tuple(
            thread.name for thread in threading.enumerate() if thread is not threading.main_thread()
        )
        if not threads:
            self._attempt.take_over()
            reset_signals()
            self._runner.prepare_forks()
            is_heavy = _peak_memory_bytes() - before > _HEAVY_IMPORT_BYTES
            if is_heavy:
                gc.collect()
            gc.freeze()  # a collection in an attempt then leaves the shared pages alone
            if is_heavy:
                use_large_pages(self._shared)
        self._control.send(Loaded(private_bytes=_private_bytes(), threads=threads))
        return not threads

    def _serve(self) -> None:
        loop: ForkLoop[ToHost] = ForkLoop(self._control)
        try:
            while True:
                if loop.wait(self._groups.seconds_until_kill()):
                    self._receive(loop)
                for ended in loop.reap():
                    self._tell_end(ended)
                self._groups.kill_overdue()
        except PeerGoneError:
            self._groups.end_all(loop)

    def _tell_end(self, ended: ChildEnd) -> None:
        number = self._groups.remove(ended.pid)
        if number is not None:
            exited = Exited(
                number=number,
                status=ended.status,
                peak_memory_bytes=ended.peak_memory_bytes,
                cpu_seconds=ended.cpu_seconds,
            )
            self._control.send(exited)

    def _receive(self, loop: ForkLoop[ToHost]) -> None:
        received = self._control.receive()
        if received is None:
            return
        message, descriptors = received
        match message:
            case Fork(number=number):
                self._fork(number, descriptors, loop)
            case Signal(number=number):
                self._groups.signal(number, message.signal, to_group=message.to_group)

    def _fork(self, number: int, descriptors: list[int], loop: ForkLoop[ToHost]) -> None:
        channel, output = descriptors
        parent_pid = os.getpid()
        try:
            pid = self._spawn(channel, output) if self._file.is_spawned else os.fork()
        except OSError as error:
            self._control.send(ForkFailed(number=number, reason=f"cannot start a process: {error.strerror}"))
        else:
            if pid == 0:
                self._become_attempt(channel, output, parent_pid, loop)
            self._groups.add(number, pid)
        os.close(channel)
        os.close(output)

    def _become_attempt(self, channel: int, output: int, parent_pid: int, loop: ForkLoop[ToHost]) -> NoReturn:
        try:
            loop.close()
            become_attempt(output, parent_pid, self._settings)
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, channel)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        self._attempt.run(connection)

    def _spawn(self, channel: int, output: int) -> int:
        """Start a fresh interpreter that inherits the two descriptors and gets their numbers as arguments."""
        settings = msgspec.json.encode((self._file, self._settings)).decode()
        arguments = [
            sys.executable,
            "-P",
            "-u",
            "-m",
            "etesian.worker.spawned",
            str(channel),
            str(output),
            settings,
        ]
        os.set_inheritable(channel, True)
        os.set_inheritable(output, True)
        return os.posix_spawn(sys.executable, arguments, os.environ, setsigdef=[signal.SIGCHLD])


def _peak_memory_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _private_bytes() -> int:
    """Return the memory that only this process has; 0 where the system does not tell."""
    try:
        descriptor = os.open("/proc/self/smaps_rollup", os.O_RDONLY)
    except OSError:
        return 0
    # Read without Python's files and codecs, which would add to what is measured.
    text = os.read(descriptor, 4096)
    os.close(descriptor)
    return sum(
        int(part.split(None, 2)[1]) * 1024 for part in text.splitlines() if part.startswith(b"Private_")
    )

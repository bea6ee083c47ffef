"""All DAG hosts of a worker: one per DAG file and version of its code, as many as memory allows."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import PurePath

import msgspec

from etesian.foundation.errors import EtesianError
from etesian.protocol.requests import Request
from etesian.protocol.workloads import RunTask, Workload
from etesian.telemetry.task_logs import begin_import_log, import_log_path
from etesian.worker.event_loop import EventLoop, Timer
from etesian.worker.host_client import HostClient, HostParts
from etesian.worker.messages import DagFile, ProcessSettings
from etesian.worker.process_supply import AttemptEvents, ProcessSupply
from etesian.worker.settings import WorkerSettings
from etesian.worker.zygote_client import ZygoteClient


class DagFileError(EtesianError):
    """A workload names a DAG file that this worker does not have."""


#: Gets who asks, and what.
OnHostRequest = Callable[[str, Request], None]


class DagHosts:
    """Finds or starts the host of an attempt, and ends hosts that are not needed.

    A host that is busy is never ended: with more busy files than ``max_dag_hosts`` there are more hosts.
    """

    def __init__(
        self,
        loop: EventLoop,
        settings: WorkerSettings,
        process_settings: ProcessSettings,
        attempt_events: AttemptEvents,
        on_request: OnHostRequest,
    ) -> None:
        self._loop = loop
        self._settings = settings
        self._zygote = ZygoteClient(loop, process_settings, self._on_host_status)
        self._on_request = on_request
        self._parts = HostParts(
            loop=loop,
            zygote=self._zygote,
            host_events=self,
            attempt_events=attempt_events,
            may_spare=self._may_spare,
            import_timeout_seconds=settings.import_timeout_seconds,
        )
        self._numbers = count(1)
        self._current: dict[DagFile, HostClient] = {}  #: where attempts go; the least recently used first
        self._alive: dict[int, HostClient] = {}  #: until the process has ended
        self._threaded: set[DagFile] = set()  #: files that are known to start threads
        #: Code hash and folder that were asked for last, by bundle and file.
        self._newest: dict[tuple[str, str], tuple[str, str]] = {}
        self._sweep: Timer | None = None

    def start(self) -> None:
        """Start the zygote."""
        self._zygote.start()

    def close(self) -> None:
        """End all DAG hosts and the zygote."""
        for host in list(self._alive.values()):
            host.retire()
        self._zygote.close()

    def supply_for(self, workload: Workload) -> ProcessSupply:
        """Return where a workload gets its process from.

        Raises:
            DagFileError: this worker cannot have the file.
        """
        folder = self._settings.bundle_folder(workload.bundle, workload.bundle_version)
        if folder is None:
            is_known = workload.bundle in self._settings.versions
            raise DagFileError(
                f"bundle {workload.bundle!r} was not fetched yet"
                if is_known
                else f"this worker has no bundle {workload.bundle!r}"
            )
        if (
            not PurePath(folder, workload.file).is_relative_to(folder)
            or ".." in PurePath(workload.file).parts
        ):
            raise DagFileError(f"the DAG file {workload.file!r} is not inside its bundle {workload.bundle!r}")
        dag_file = DagFile(
            bundle=workload.bundle,
            file=workload.file,
            code_hash=workload.code_hash,
            folder=str(folder),
            version=self._settings.version_of(workload.bundle, workload.bundle_version),
            is_spawned=isinstance(workload, RunTask) and workload.isolation == "spawn",
        )
        return self._host_of(dag_file).supply

    def answer(self, asker: str, message: msgspec.Struct) -> None:
        """Answer what ``on_request`` was told of; nothing happens if the asker has gone."""
        kind, *numbers = asker.split(":")
        if kind == "host":
            host_number, process_number = (*map(int, numbers), None)[:2]
            host = self._alive.get(host_number or 0)
            if host is not None:
                host.answer(process_number, message)

    # --- HostEvents -----------------------------------------------------------------------------------------

    def host_loaded(self, host: HostClient) -> None:
        """Make room if this was too much memory."""
        self._make_room()

    def host_cannot_fork(self, host: HostClient) -> None:
        """Use a fresh interpreter per attempt from now on."""
        self._threaded.add(host.dag_file)
        self._move_attempts(host)

    def host_became_idle(self, host: HostClient) -> None:
        """See to it that an idle host ends some day; at once if the file has a newer version."""
        if self._current.get(host.dag_file) is host and self._is_stale(host):
            self._retire(host)
        self._make_room()
        if self._sweep is None:
            self._sweep = self._loop.call_later(self._settings.spare_idle_seconds, self._on_sweep)

    def host_asked(self, asker: str, request: Request) -> None:
        """Pass it on."""
        self._on_request(asker, request)

    def host_ended(self, host: HostClient) -> None:
        """Forget it. What it leaves behind goes to a new host, unless the file is to blame."""
        self._alive.pop(host.number, None)
        if host.may_restart:
            self._move_attempts(host)
        elif self._current.get(host.dag_file) is host:
            del self._current[host.dag_file]

    # --- how many hosts there are ---------------------------------------------------------------------------

    def _host_of(self, dag_file: DagFile) -> HostClient:
        if dag_file in self._threaded:
            dag_file = msgspec.structs.replace(dag_file, is_spawned=True)
        host = self._current.pop(dag_file, None)
        if host is None:
            host = self._start(dag_file)
        self._current[dag_file] = host
        code = (dag_file.code_hash, dag_file.folder)
        if self._newest.get((dag_file.bundle, dag_file.file)) != code:
            self._newest[dag_file.bundle, dag_file.file] = code
            for old in [old for old in self._current.values() if self._is_stale(old) and old.supply.is_idle]:
                self._retire(old)
        return host

    def _is_stale(self, host: HostClient) -> bool:
        dag_file = host.dag_file
        newest = self._newest.get((dag_file.bundle, dag_file.file))
        return newest != (dag_file.code_hash, dag_file.folder)

    def _start(self, dag_file: DagFile) -> HostClient:
        self._make_room(for_hosts=1)
        import_log = import_log_path(self._settings.logs_dir, dag_file.bundle, dag_file.file)
        begin_import_log(import_log)
        host = HostClient(next(self._numbers), dag_file, self._parts, import_log)
        self._alive[host.number] = host
        return host

    def _move_attempts(self, host: HostClient) -> None:
        """Let the attempts of a host that is of no use any more wait at another one."""
        if self._current.get(host.dag_file) is host:
            del self._current[host.dag_file]
        for attempt, was_granted in host.supply.take_wanting():
            supply = self._host_of(host.dag_file).supply
            attempt.host = supply
            supply.expect(attempt)
            if was_granted:
                supply.run(attempt)

    def _make_room(self, for_hosts: int = 0) -> None:
        """End idle hosts, the longest unused first, until the bounds are kept."""
        for host in [host for host in self._current.values() if host.supply.is_idle]:
            if len(self._current) + for_hosts <= self._settings.max_dag_hosts and not self._is_over_memory():
                break
            self._retire(host)

    def _retire(self, host: HostClient) -> None:
        del self._current[host.dag_file]
        host.retire()

    def _may_spare(self) -> bool:
        return sum(host.supply.spares for host in self._current.values()) < self._settings.max_spares

    def _is_over_memory(self) -> bool:
        used = sum(host.private_bytes for host in self._current.values())
        return used > self._settings.dag_host_memory_bytes

    def _on_sweep(self) -> None:
        """End hosts that were idle for long, and the spares of those that were idle for a little."""
        self._sweep = None
        now, settings = self._loop.clock.monotonic(), self._settings
        for host in [host for host in self._current.values() if host.supply.is_idle]:
            idle_seconds = now - host.idle_since
            if idle_seconds >= settings.dag_host_idle_seconds:
                self._retire(host)
            elif idle_seconds >= settings.spare_idle_seconds:
                host.supply.drop_spares()
        due = [self._next_step(host) for host in self._current.values() if host.supply.is_idle]
        if due:
            self._sweep = self._loop.call_later(max(0.1, min(due) - now), self._on_sweep)

    def _next_step(self, host: HostClient) -> float:
        settings = self._settings
        seconds = settings.spare_idle_seconds if host.supply.spares else settings.dag_host_idle_seconds
        return host.idle_since + seconds

    def _on_host_status(self, number: int, status: int | None) -> None:
        host = self._alive.get(number)
        if host is not None:
            host.status_known(status)

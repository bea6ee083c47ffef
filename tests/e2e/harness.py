"""Starts a real ``etesian standalone`` on a home and a port of its own, and speaks to it as a client would.

Used by the end-to-end tests, the fault tests and the benchmarks. Every wait is bounded, and what was started
is stopped, also when it went wrong: the log of the platform is then part of the error.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil

#: The `etesian` command of the environment that runs this.
COMMAND = Path(sys.executable).with_name("etesian")
FINAL_RUN_STATES = frozenset({"success", "failed"})

Value = TypeVar("Value")


class PlatformError(AssertionError):
    """The platform did not do what was waited for; the text ends with its log."""


class Standalone:
    """One running platform."""

    def __init__(self, home: Path, environment: Mapping[str, str]) -> None:
        self.home = home
        self.environment = dict(environment)
        self.port = int(environment["ETESIAN__API__PORT"])
        self.url = f"http://127.0.0.1:{self.port}"
        self._log_path = home / "standalone.out"
        self._process: subprocess.Popen[bytes] | None = None
        self._client = httpx.Client(base_url=self.url, timeout=10)

    @property
    def pid(self) -> int:
        """Process id of the supervisor."""
        if self._process is None:
            raise PlatformError("the platform was not started")
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether the supervisor is gone."""
        return self._process is None or self._process.poll() is not None

    def start(self, *, healthy_within: float = 30) -> None:
        """Start the platform and return when it says that it is healthy."""
        self.start_process()
        self.wait_until_healthy(healthy_within)

    def start_process(self) -> None:
        """Start the platform and return at once; one that was started before must have ended."""
        if self._process is not None:
            self._process.wait(10)
        self.home.mkdir(parents=True, exist_ok=True)
        with self._log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [COMMAND, "standalone"],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_healthy(self, within: float = 30) -> None:
        """Return when database, scheduler and parser all say so."""
        self.wait_for(lambda: self.is_healthy() or None, "being healthy", within=within, every=0.02)

    def is_healthy(self) -> bool:
        """Ask the health page once."""
        try:
            answer = self._client.get("/api/v2/monitor/health")
        except httpx.TransportError:
            return False
        if answer.status_code != httpx.codes.OK:
            return False
        parts = answer.json()
        needed = ("metadatabase", "scheduler", "dag_processor")
        return all(parts[name]["status"] == "healthy" for name in needed)

    def stop(self, *, within: float = 20) -> int | None:
        """Ask the platform to end, as Ctrl-C does; kill what is left after the time. Return its exit code."""
        if self._process is None:
            return None
        left = self.processes()
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(within)
            except subprocess.TimeoutExpired:
                self._process.kill()
        code = self._process.wait(10)
        self._process = None
        kill_all([*left, *processes_of(self.home)])
        return code

    def stop_gently(self, *, within: float = 20) -> int:
        """Ask the platform to end and return its exit code; kill nothing."""
        if self._process is None:
            raise PlatformError("the platform was not started")
        self._process.send_signal(signal.SIGINT)
        try:
            return self._process.wait(within)
        except subprocess.TimeoutExpired:
            raise self.failure(f"the platform did not end within {within:g} s of SIGINT") from None

    def close(self) -> None:
        """Stop, whatever the state, and let go of the connection."""
        try:
            self.stop()
        finally:
            self._client.close()

    def processes(self) -> list[psutil.Process]:
        """Return the supervisor and all its descendants, attempts included."""
        try:
            parent = psutil.Process(self.pid)
            return [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def service(self, name: str) -> psutil.Process | None:
        """Return the process of one service (scheduler, worker, api, parser, triggerer), if it lives."""
        found = [process for process in self.processes()[1:] if is_named(process, f"etesian {name}")]
        return found[0] if found else None

    # What a client asks

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send one request and return the answer, whatever its status."""
        return self._client.request(method, path, **options)

    def ask(self, method: str, path: str, **options: Any) -> Any:
        """Send one request below ``/api/v2`` and return its JSON; an error status is a failure."""
        answer = self.request(method, f"/api/v2{path}", **options)
        if answer.is_error:
            raise self.failure(f"{method} {path} was answered with {answer.status_code}: {answer.text}")
        return answer.json() if answer.content else None

    def wait_for_dag(self, dag_id: str, *, within: float = 20) -> dict[str, Any]:
        """Return the DAG as soon as it is known."""

        def known() -> dict[str, Any] | None:
            answer = self.request("GET", f"/api/v2/dags/{dag_id}")
            return answer.json() if answer.status_code == httpx.codes.OK else None

        return self.wait_for(known, f"DAG {dag_id!r} being known", within=within)

    def unpause(self, dag_id: str) -> None:
        """Let a DAG, which starts paused, run."""
        self.ask("PATCH", f"/dags/{dag_id}", json={"is_paused": False})

    def trigger(self, dag_id: str, conf: Mapping[str, object] | None = None) -> str:
        """Start a run and return its id."""
        body = {"logical_date": None, "conf": dict(conf or {})}
        run = self.ask("POST", f"/dags/{dag_id}/dagRuns", json=body)
        return str(run["dag_run_id"])

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """Return one run."""
        found: dict[str, Any] = self.ask("GET", f"/dags/{dag_id}/dagRuns/{run_id}")
        return found

    def wait_for_run(
        self, dag_id: str, run_id: str, *, within: float = 60, every: float = 0.1
    ) -> dict[str, Any]:
        """Return the run when it has ended, whichever way."""

        def ended() -> dict[str, Any] | None:
            run = self.run(dag_id, run_id)
            return run if run["state"] in FINAL_RUN_STATES else None

        return self.wait_for(ended, f"run {dag_id}@{run_id} to end", within=within, every=every)

    def run_to_end(self, dag_id: str, conf: Mapping[str, object] | None = None, *, within: float = 60) -> str:
        """Unpause, trigger and wait; return the id of the run, which must have succeeded."""
        self.wait_for_dag(dag_id)
        self.unpause(dag_id)
        run_id = self.trigger(dag_id, conf)
        state = self.wait_for_run(dag_id, run_id, within=within)["state"]
        if state != "success":
            raise self.failure(f"run {dag_id}@{run_id} ended as {state}: {self.states(dag_id, run_id)}")
        return run_id

    def task_instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Return all task instances of a run."""
        found: list[dict[str, Any]] = []
        while True:
            path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances?limit=100&offset={len(found)}"
            page = self.ask("GET", path)
            found += page["task_instances"]
            if not page["task_instances"] or len(found) >= page["total_entries"]:
                return found

    def states(self, dag_id: str, run_id: str) -> dict[str, str]:
        """Return the state of each task of a run that has no mapped tasks."""
        return {item["task_id"]: item["state"] for item in self.task_instances(dag_id, run_id)}

    def log(self, dag_id: str, run_id: str, task_id: str, try_number: int = 1) -> str:
        """Return the text of one try's log."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{try_number}"
        answer = self.request("GET", path, headers={"Accept": "text/plain"})
        answer.raise_for_status()
        return answer.text

    # Waiting and failing

    def wait_for(
        self, look: Callable[[], Value | None], what: str, *, within: float, every: float = 0.1
    ) -> Value:
        """Return what ``look`` gives as soon as it is not None.

        Raises:
            PlatformError: the platform ended, or the time did.
        """
        deadline = time.monotonic() + within
        while True:
            try:
                value = look()
            except httpx.TransportError:  # the API may be between two lives
                value = None
            if value is not None:
                return value
            if self.has_ended:
                raise self.failure(f"the platform ended while waiting for {what}")
            if time.monotonic() > deadline:
                raise self.failure(f"waited {within:g} s in vain for {what}")
            time.sleep(every)

    def output(self) -> str:
        """Return what the platform has printed so far."""
        return self._log_path.read_text(errors="replace") if self._log_path.exists() else ""

    def failure(self, message: str) -> PlatformError:
        """Return an error that carries the end of the platform's log."""
        tail = "\n".join(self.output().splitlines()[-80:])
        return PlatformError(f"{message}\n--- last lines of the platform's log ---\n{tail}")


@contextmanager
def running_standalone(
    home: Path, *, settings: Mapping[str, str] | None = None, path: Sequence[Path] = (), start: bool = True
) -> Iterator[Standalone]:
    """Start a platform on ``home`` and stop it at the end.

    ``settings`` are more environment variables; ``path`` are folders that go before the others on PATH.
    """
    platform = Standalone(home, make_environment(home, settings or {}, path))
    try:
        if start:
            platform.start()
        yield platform
    finally:
        platform.close()


def make_environment(home: Path, settings: Mapping[str, str], path: Sequence[Path] = ()) -> dict[str, str]:
    """Return an environment in which nothing of the caller's own set-up is left."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ETESIAN", "AIRFLOW", "PYTEST", "COV_")) and name != "PYTHONDONTWRITEBYTECODE"
    }
    return {
        **inherited,
        "PATH": os.pathsep.join([*map(str, path), str(COMMAND.parent), inherited.get("PATH", os.defpath)]),
        "ETESIAN_HOME": str(home),
        "ETESIAN__API__PORT": str(find_free_port()),
        "ETESIAN__API__AUTH": "none",
        **settings,
    }


def find_free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def is_named(process: psutil.Process, name: str) -> bool:
    """Whether the process goes by that name, of which the kernel keeps 15 characters."""
    try:
        return bool(process.name()[:15] == name[:15] and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def processes_of(home: Path) -> list[psutil.Process]:
    """Return every process that was started for ``home``, also those that left the tree of its supervisor."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("ETESIAN_HOME") == str(home) and process.pid != os.getpid():
                found.append(process)
        except psutil.Error:
            continue
    return found


def kill_all(processes: Sequence[psutil.Process]) -> None:
    """Kill what is still alive of these processes; psutil makes sure that a reused id is left alone."""
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue

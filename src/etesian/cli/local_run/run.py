"""One DAG file, one run, from parsing to the exit code."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console

from etesian.cli.errors import CommandError, NotFoundError, UsageError, count_of
from etesian.cli.instance_rows import INSTANCE_COLUMNS, instance_row
from etesian.cli.local_run.engine import running_engine
from etesian.cli.local_run.follow import Follower, summarise
from etesian.cli.local_run.home import borrow, temporary_home
from etesian.cli.output import OutputFormat, print_rows
from etesian.cli.services import wiring
from etesian.cli.services.parser_choice import parser_settings
from etesian.config.settings import Settings
from etesian.foundation.clock import utc_now
from etesian.lifecycle.records import DagRunRecord, RunKey, TaskInstanceRecord
from etesian.lifecycle.state import RunState
from etesian.parser.once import LocalFile, parse_once
from etesian.spec.dag import DagSpec
from etesian.spec.schedule import NoSchedule
from etesian.store import Store
from etesian.store.answers import answer
from etesian.store.bus import Bell, Bus, open_bus
from etesian.store.queries import task_instances
from etesian.store.queries.dags import save_spec
from etesian.store.run_requests import RunRequest, request_run
from etesian.timetables import manual_interval

#: The code of a file that is run once; nothing else is stored that it must differ from.
_CODE_HASH: Final = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalRun:
    """What to run."""

    file: Path
    dag_id: str | None  #: None: the only DAG of the file
    conf: Mapping[str, object]
    logical_date: datetime | None  #: None: now


def run_locally(own: Settings, wanted: LocalRun, output: OutputFormat) -> bool:
    """Run a DAG to its end, print how it goes, and say whether it succeeded.

    In other formats than the table, what the tasks came to is printed at the end, and how it goes to standard error.

    Raises:
        CommandError: the file or the DAG cannot be run.
    """
    console = Console(stderr=output is not OutputFormat.TABLE)
    path = wanted.file.resolve()
    folder = _bundle_folder(own, path)
    with temporary_home(os.environ, folder) as settings, closing(_open(settings)) as place:
        borrow(own, place.store)
        spec = _choose(_parse(path, settings, place.store), wanted)
        key = _request(place.store, wanted, msgspec.structs.replace(spec, file=str(path.relative_to(folder))))
        console.print(f"[bold]{spec.dag_id}[/]  {count_of(len(spec.tasks), 'task')}", highlight=False)
        place.store.dispose()  # the engine's processes are forks of this one and open their own connections
        follower = Follower(place.store, place.bell, settings.logging.folder, console, key)
        with running_engine(settings) as engine:
            run = follower.follow(engine, len(spec.tasks))
        with place.store.read() as connection:
            instances = task_instances.load_task_instances_of_run(connection, key)
    _print_end(console, run, instances)
    if output is not OutputFormat.TABLE:
        print_rows([instance_row(item) for item in instances], output, columns=INSTANCE_COLUMNS, nothing="")
    return run.state is RunState.SUCCESS


@dataclass(frozen=True, slots=True)
class _Place:
    store: Store
    bus: Bus
    bell: Bell

    def close(self) -> None:
        self.bell.close()
        self.bus.close()
        self.store.dispose()


def _open(settings: Settings) -> _Place:
    store = wiring.open_platform_store(settings)
    bus = open_bus(store)
    return _Place(store, bus, bus.listen(["changes"]))


def _bundle_folder(own: Settings, path: Path) -> Path:
    """Return where the file's imports start: the DAG folder if the file is in it, else its own folder."""
    dags_folder = own.core.dags_folder.resolve()
    return dags_folder if path.is_relative_to(dags_folder) else path.parent


def _parse(path: Path, settings: Settings, store: Store) -> LocalFile:
    parser = parser_settings(settings)
    found = parse_once([path], settings=parser, answer=lambda request: answer(store, request, now=utc_now()))
    return found[0]


def _choose(found: LocalFile, wanted: LocalRun) -> DagSpec:
    """Return the DAG to run.

    Raises:
        CommandError: the file cannot be read, has no DAG, or has several and none was named.
    """
    specs = {spec.dag_id: spec for spec in found.specs}
    if found.failures and (wanted.dag_id is None or wanted.dag_id not in specs):
        raise CommandError("\n".join(failure.message for failure in found.failures))
    if wanted.dag_id is not None:
        if wanted.dag_id not in specs:
            raise NotFoundError("DAG", wanted.dag_id, specs)
        return specs[wanted.dag_id]
    if not specs:
        raise CommandError(f"{str(wanted.file)!r} defines no DAG")
    if len(specs) > 1:
        names = ", ".join(sorted(specs))
        raise UsageError(f"{str(wanted.file)!r} defines {len(specs)} DAGs; name one with --dag: {names}")
    return next(iter(specs.values()))


def _request(store: Store, wanted: LocalRun, spec: DagSpec) -> RunKey:
    """Store the DAG without its schedule, so that nothing but this run happens, and ask for the run."""
    now = utc_now()
    logical_date = wanted.logical_date or now
    request = RunRequest(
        dag_id=spec.dag_id,
        logical_date=logical_date,
        data_interval=manual_interval(spec.schedule, logical_date),
        run_after=now,
        conf=dict(wanted.conf),
        triggered_by="cli",
    )
    alone = msgspec.structs.replace(spec, schedule=NoSchedule(), is_paused_upon_creation=False)
    with store.write() as connection:
        save_spec(connection, alone, bundle="dags", code_hash=_CODE_HASH, source="", now=now)
        return request_run(connection, request, now=now).key


def _print_end(console: Console, run: DagRunRecord, instances: Sequence[TaskInstanceRecord]) -> None:
    seconds = (run.ended_at - run.started_at).total_seconds() if run.ended_at and run.started_at else 0.0
    colour = "green" if run.state is RunState.SUCCESS else "red"
    reason = f": {run.reason}" if run.reason else ""
    text = f"[{colour}]{run.state}[/] in {seconds:.2f} s  ({summarise(instances) or 'no tasks'}){reason}"
    console.print(text, highlight=False)

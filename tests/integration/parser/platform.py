"""A folder of DAG files, a store, and the parser between them."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from etesian.bundles.source import WHOLE_BUNDLE
from etesian.foundation.stop import StopSignal
from etesian.parser.loop import run_parser
from etesian.parser.settings import Bundle, ParserSettings
from etesian.store import Store, open_store
from etesian.store.bus import open_bus
from etesian.store.queries import dags, import_errors, inbox
from etesian.store.queries.page import Paging
from etesian.store.queries.parse_requests import request_parse
from etesian.store.queries.versions import load_newest_spec
from etesian.store.schema import migrate
from etesian.store.tables import parse_requests_table

PAGE = Paging(limit=1000)
SECONDS = 60


def dag_file(dag_id: str, more: str = "") -> str:
    return f"from etesian import DAG\nwith DAG({dag_id!r}) as dag:\n    pass\n{more}"


class Platform:
    """A folder of DAG files, a store, and the parser between them."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "dags"
        self.folder.mkdir()
        self.store: Store = open_store("", home=home)
        migrate(self.store)

    @contextmanager
    def parsing(self, **settings: object) -> Iterator[None]:
        """Run the parser in a thread for the length of a block."""
        bundles = settings.pop("bundles", (Bundle("dags", self.folder),))
        stop, bus, failures = StopSignal(), open_bus(self.store), []

        def run() -> None:
            try:
                run_parser(ParserSettings(bundles=bundles, **settings), self.store, bus, stop)
            except BaseException as error:
                failures.append(error)
                raise

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(SECONDS)
            bus.close()
            stop.close()
        assert not thread.is_alive()
        assert failures == []

    def write(self, file: str, text: str) -> None:
        """Replace a file as editors do, in one step."""
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        draft.write_text(text)
        draft.replace(path)

    def dag_ids(self, **wanted: object) -> list[str]:
        with self.store.read() as connection:
            found = dags.list_dags(connection, dags.DagFilter(**wanted), PAGE)
        return [dag.dag_id for dag in found.items]

    def errors(self) -> dict[str, str]:
        with self.store.read() as connection:
            found = import_errors.list_import_errors(connection, PAGE)
        return {error.file: error.message for error in found.items}

    def description(self, dag_id: str) -> str | None:
        with self.store.read() as connection:
            found = load_newest_spec(connection, dag_id)
        return found.spec.description if found else None

    def parsed_since(self, dag_id: str, moment: datetime) -> bool:
        """Return whether a file's DAG was read at or after a moment."""
        if dag_id not in self.dag_ids():
            return False
        with self.store.read() as connection:
            return dags.load_dag(connection, dag_id).last_parsed_at >= moment

    def ask(self, bundle: str, file: str = WHOLE_BUNDLE) -> None:
        """Want a file parsed, or all of a bundle."""
        with self.store.write() as connection:
            request_parse(connection, bundle=bundle, file=file)
        bus = open_bus(self.store)
        bus.ring("specs")
        bus.close()

    def requests(self) -> list[object]:
        """Return what was asked for and not taken up."""
        with self.store.read() as connection:
            return list(connection.execute(select(parse_requests_table)))

    def commands(self) -> list[object]:
        with self.store.read() as connection:
            return [row.command for row in inbox.read(connection)]


def eventually(condition: Callable[[], object]) -> None:
    """Wait until a condition holds, for a bounded time."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come to hold"
        time.sleep(0.01)

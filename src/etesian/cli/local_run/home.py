"""The throw-away home of one local run, and what it borrows from the user's own home."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from etesian.cli.services import wiring
from etesian.config.load import load_settings
from etesian.config.settings import Settings
from etesian.foundation.clock import utc_now
from etesian.store import Store
from etesian.store.errors import StoreError
from etesian.store.queries import connections, pools, variables
from etesian.store.queries.page import Paging

#: Settings that belong to the user's own installation and must not be those of a run beside it.
_OWN = ("ETESIAN__DATABASE__URL", "ETESIAN__LOGGING__FOLDER", "ETESIAN__SECRETS__FERNET_KEY_FILE")
#: Variables or connections that are borrowed; who has more keeps them in a secrets backend.
_MAX_BORROWED = 10_000


@contextmanager
def temporary_home(environ: Mapping[str, str], dags_folder: Path) -> Iterator[Settings]:
    """Give the settings of a new home with an empty store; the home is deleted at the end."""
    with TemporaryDirectory(prefix="etesian-run-") as folder:
        kept = {name: value for name, value in environ.items() if name not in _OWN}
        settings = load_settings(
            {
                "ETESIAN__LOGGING__LEVEL": "warning",
                **kept,
                "ETESIAN__CORE__DAGS_FOLDER": str(dags_folder),
                "ETESIAN__CORE__EXECUTOR": "local",
                "ETESIAN__CORE__BUNDLES": "",
            },
            Path(folder),
        )
        wiring.prepare_home(settings)
        yield settings


def borrow(own: Settings, store: Store) -> None:
    """Copy variables, connections and pools of the user's own installation, if there is one."""
    if own.database.url.reveal().startswith("sqlite") and not (own.home / "etesian.db").exists():
        return
    source = wiring.open_platform_store(own)
    now, everything = utc_now(), Paging(limit=_MAX_BORROWED)
    try:
        with source.read() as connection:
            found_variables = variables.list_variables(connection, everything, secrets=source.secrets).items
            found_connections = connections.list_connections(
                connection, everything, secrets=source.secrets
            ).items
            found_pools = pools.load_pools(connection)
    except StoreError:
        return  # never migrated, or a database that is away: the run needs none of it to start
    finally:
        source.dispose()
    with store.write() as connection:
        for variable in found_variables:
            variables.save_variable(connection, variable.key, variable.value, secrets=store.secrets, now=now)
        for record in found_connections:
            with suppress(connections.InvalidConnectionError):  # kept by an older release, which took it
                connections.save_connection(connection, record, secrets=store.secrets, now=now)
        for pool in found_pools:
            with suppress(pools.InvalidPoolError):
                pools.save_pool(connection, pool)

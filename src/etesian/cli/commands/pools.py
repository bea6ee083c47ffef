"""``etesian pools``: how many tasks of a kind may run at once."""

from __future__ import annotations

import click
import msgspec

from etesian.cli.errors import NotFoundError, count_of
from etesian.cli.files import read_json, write_json
from etesian.cli.lazy_group import Entry, LazyGroup
from etesian.cli.output import OutputFormat, output_option, print_record, print_rows
from etesian.cli.session import Session, pass_session
from etesian.store.queries.pools import (
    MAX_POOL_SLOTS,
    PoolRecord,
    UnknownPoolError,
    delete_pool,
    load_pool,
    load_pools,
    save_pool,
)

group = LazyGroup(
    "pools",
    {
        "Commands": {
            "list": Entry(f"{__name__}:list_command", "All pools."),
            "get": Entry(f"{__name__}:get", "One pool."),
            "set": Entry(f"{__name__}:set_command", "Make or change a pool."),
            "delete": Entry(f"{__name__}:delete", "Delete a pool."),
            "import": Entry(f"{__name__}:import_command", "Make or change pools from a JSON file."),
            "export": Entry(f"{__name__}:export", "Write all pools to a JSON file."),
        }
    },
    help="Limits on how many tasks run at once.",
)

COLUMNS = ("pool", "slots", "include_deferred", "description")


class PoolEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One pool in a file."""

    slots: int
    description: str | None = None
    include_deferred: bool = False


@click.command("list")
@output_option
@pass_session
def list_command(session: Session, output: OutputFormat) -> None:
    """List all pools."""
    with session.store.read() as connection:
        rows = [_row(pool) for pool in load_pools(connection)]
    print_rows(rows, output, columns=COLUMNS, nothing="There are no pools.")


@click.command()
@click.argument("pool")
@output_option
@pass_session
def get(session: Session, pool: str, output: OutputFormat) -> None:
    """Print one pool."""
    with session.store.read() as connection:
        try:
            found = load_pool(connection, pool)
        except UnknownPoolError as error:
            raise NotFoundError("pool", pool, [item.name for item in load_pools(connection)]) from error
    print_record(_row(found), output)


@click.command("set")
@click.argument("pool")
@click.argument("slots", type=click.IntRange(-1, MAX_POOL_SLOTS))
@click.argument("description", default="")
@click.option("--include-deferred", is_flag=True, help="Deferred tasks keep their slots.")
@pass_session
def set_command(session: Session, pool: str, slots: int, description: str, include_deferred: bool) -> None:
    """Make or change a pool. SLOTS of -1 means without limit (write `-- -1`)."""
    record = PoolRecord(
        name=pool, slots=slots, description=description or None, includes_deferred=include_deferred
    )
    with session.store.write() as connection:
        is_new = save_pool(connection, record)
        session.note(connection, "set_pool", name=pool, slots=slots)
    session.wake_scheduler()
    size = "without limit" if slots < 0 else count_of(slots, "slot")
    click.echo(f"Pool {pool!r} {'made' if is_new else 'changed'}: {size}.")


@click.command()
@click.argument("pool")
@pass_session
def delete(session: Session, pool: str) -> None:
    """Delete a pool. Tasks that name it wait until it is there again."""
    with session.store.write() as connection:
        try:
            delete_pool(connection, pool)
        except UnknownPoolError as error:
            raise NotFoundError("pool", pool, [item.name for item in load_pools(connection)]) from error
        session.note(connection, "delete_pool", name=pool)
    session.wake_scheduler()
    click.echo(f"Pool {pool!r} deleted.")


@click.command("import")
@click.argument("file")
@pass_session
def import_command(session: Session, file: str) -> None:
    """Make or change pools from a JSON file as `export` writes it: all of them, or none if one is wrong."""
    entries = read_json(file, dict[str, PoolEntry])
    with session.store.write() as connection:
        for name, entry in entries.items():
            record = PoolRecord(
                name=name,
                slots=entry.slots,
                description=entry.description,
                includes_deferred=entry.include_deferred,
            )
            save_pool(connection, record)
            session.note(connection, "set_pool", name=name, slots=entry.slots)
    session.wake_scheduler()
    click.echo(f"{count_of(len(entries), 'pool')} imported.")


@click.command()
@click.argument("file", default="-")
@pass_session
def export(session: Session, file: str) -> None:
    """Write all pools as JSON to FILE, or to standard output."""
    with session.store.read() as connection:
        pools = load_pools(connection)
    entries = {
        pool.name: PoolEntry(
            slots=pool.slots, description=pool.description, include_deferred=pool.includes_deferred
        )
        for pool in pools
    }
    write_json(file, entries)


def _row(pool: PoolRecord) -> dict[str, object]:
    return {
        "pool": pool.name,
        "slots": pool.slots,
        "include_deferred": pool.includes_deferred,
        "description": pool.description,
    }

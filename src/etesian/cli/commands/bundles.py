"""``etesian bundles``: the places that DAG files come from."""

from __future__ import annotations

import click

from etesian.cli.errors import NotFoundError
from etesian.cli.lazy_group import Entry, LazyGroup
from etesian.cli.output import OutputFormat, output_option, print_rows
from etesian.cli.services.folders import bundle_folder, bundle_folders, examples_folder, version_folders
from etesian.cli.session import Session, pass_session
from etesian.config.bundles import BundleOption
from etesian.store.queries.parse_requests import request_parse

group = LazyGroup(
    "bundles",
    {
        "Commands": {
            "list": Entry(f"{__name__}:list_command", "All bundles."),
            "refresh": Entry(
                f"{__name__}:refresh", "Fetch a bundle now, and read all of its DAG files again."
            ),
        }
    },
    help="Places that DAG files come from.",
)

_COLUMNS = ("bundle", "kind", "place", "follows", "version", "folder")


@click.command("list")
@output_option
@pass_session
def list_command(session: Session, output: OutputFormat) -> None:
    """List the bundles: the DAGs folder, those of the setting core.bundles, and the examples if they are loaded.

    The version of a git repository is the commit that was fetched last.
    """
    core = session.settings.core
    rows = [_folder_row("dags", str(core.dags_folder)), *(_row(session, option) for option in core.bundles)]
    if core.load_examples:
        rows.append(_folder_row("examples", str(examples_folder())))
    print_rows(rows, output, columns=_COLUMNS, nothing="There are no bundles.")


def _folder_row(name: str, folder: str) -> dict[str, object]:
    return {
        "bundle": name,
        "kind": "folder",
        "place": folder,
        "follows": None,
        "version": None,
        "folder": folder,
    }


def _row(session: Session, option: BundleOption) -> dict[str, object]:
    folder = str(bundle_folder(session.settings, option))
    if option.folder is not None:
        return _folder_row(option.name, folder)
    version = version_folders(session.settings, option).current_version if option.is_git else None
    return {
        "bundle": option.name,
        "kind": "git" if option.is_git else "files",
        "place": option.place,
        "follows": option.ref if option.is_git else None,
        "version": version,
        "folder": folder,
    }


@click.command()
@click.argument("bundle")
@pass_session
def refresh(session: Session, bundle: str) -> None:
    """Have a bundle fetched now if it comes from elsewhere, and all of its DAG files read again.

    The parser does so by itself; this is for those who cannot wait, such as a job that has just pushed.
    """
    known = bundle_folders(session.settings)
    if bundle not in known:
        raise NotFoundError("bundle", bundle, known)
    with session.store.write() as connection:
        request_parse(connection, bundle=bundle)
        session.note(connection, "refresh_bundle", bundle=bundle)
    session.bus.ring("specs")
    click.echo(f"The parser was asked to read bundle {bundle}.", err=True)

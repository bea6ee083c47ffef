"""Which file of the DAG folder defines a DAG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from etesian.cli.errors import CommandError, ExitCode, count_of, suggest
from etesian.cli.progress import show_progress
from etesian.cli.services.parser_choice import parser_settings
from etesian.config.settings import Settings
from etesian.parser.once import iter_parse_once


class UnknownDagError(CommandError):
    """No file below the folders defines the DAG, or the one that does cannot be read."""

    exit_code = ExitCode.NOT_FOUND

    def __init__(self, dag_id: str, folders: Sequence[Path], known: Sequence[str], broken: int) -> None:
        where = " and ".join(repr(str(folder)) for folder in folders)
        text = f"no DAG file below {where} defines {dag_id!r}{suggest(dag_id, known)}"
        if broken:
            text += f"; {count_of(broken, 'file')} cannot be imported, `etesian check {folders[0]}` says why"
        super().__init__(text)
        self.dag_id = dag_id


def find_dag_file(settings: Settings, dag_id: str) -> Path:
    """Return the file that defines a DAG, if one does.

    Raises:
        UnknownDagError: no file does.
    """
    folders = [bundle.folder for bundle in parser_settings(settings).bundles]
    known: list[str] = []
    broken = 0
    present = [folder for folder in folders if folder.is_dir()]
    for found in show_progress(
        iter_parse_once(present, settings=parser_settings(settings)), "looking for the DAG"
    ):
        names = [spec.dag_id for spec in found.specs]
        if dag_id in names:
            return found.path
        known += names
        broken += bool(found.failures)
    raise UnknownDagError(dag_id, folders, known, broken)

"""Which file of the DAG folder defines a DAG."""

from __future__ import annotations

from pathlib import Path

from etesian.cli.errors import NotFoundError
from etesian.cli.services.folders import examples_folder
from etesian.config.settings import Settings
from etesian.parser.once import iter_parse_once
from etesian.parser.settings import DEFAULT_PRELOAD, ParserSettings


def find_dag_file(settings: Settings, dag_id: str) -> Path:
    """Return the file that defines a DAG, if one does.

    Raises:
        NotFoundError: no file does.
    """
    folders = [settings.core.dags_folder]
    if settings.core.load_examples:
        folders.append(examples_folder())
    parser = ParserSettings(bundles=(), preload=(*DEFAULT_PRELOAD, *settings.core.preload))
    known: list[str] = []
    for found in iter_parse_once([folder for folder in folders if folder.is_dir()], settings=parser):
        names = [spec.dag_id for spec in found.specs]
        if dag_id in names:
            return found.path
        known += names
    where = " and ".join(repr(str(folder)) for folder in folders)
    raise NotFoundError(f"DAG in {where} of name", dag_id, known)

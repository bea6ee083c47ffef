"""The DAGs of a folder, as the platform would find them: for tests that every file can be imported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from etesian.compat import install
from etesian.foundation.errors import EtesianError
from etesian.sdk.dags.dag import DAG
from etesian.sdk.dags.dag_files import find_dag_files, mentions_dags
from etesian.sdk.dags.dag_loading import DagFileError, load_file
from etesian.sdk.dags.spec_building import build_spec
from etesian.testing.memory_platform import MemoryPlatform, using_platform
from etesian.testing.memory_store import MemoryStore


class DagFolderError(EtesianError):
    """Files of a folder cannot be used, or a DAG is not there."""


@dataclass(frozen=True, slots=True)
class DagFolder:
    """The DAGs of a folder by id, and what is wrong with its files by path relative to the folder."""

    folder: Path
    dags: Mapping[str, DAG]
    import_errors: Mapping[str, str]

    def __getitem__(self, dag_id: str) -> DAG:
        return self.get_dag(dag_id)

    def __iter__(self) -> Iterator[str]:
        return iter(self.dags)

    def __len__(self) -> int:
        return len(self.dags)

    def get_dag(self, dag_id: str) -> DAG:
        """Return a DAG.

        Raises:
            DagFolderError: the folder has none of that id; the text names those that it has, and errors.
        """
        if dag_id not in self.dags:
            known = ", ".join(sorted(self.dags)) or "none"
            errors = "".join(f"\n{text}" for text in self.import_errors.values())
            raise DagFolderError(f"{self.folder} has no DAG {dag_id!r}; it has {known}{errors}")
        return self.dags[dag_id]

    def check(self) -> DagFolder:
        """Return the folder if nothing is wrong with its files.

        Raises:
            DagFolderError: a file cannot be imported, or defines a DAG that is not valid.
        """
        if self.import_errors:
            raise DagFolderError("\n".join(self.import_errors.values()))
        return self


def load_dags(path: Path | str, *, variables: Mapping[str, str] | None = None) -> DagFolder:
    """Import the DAG files of a folder, or one file; ``variables`` are what they may read meanwhile.

    Files that import ``airflow`` get ours.

    Raises:
        DagFolderError: there is no such file or folder.
    """
    install()
    path = Path(path)
    if not path.exists():
        raise DagFolderError(f"there is no file or folder {path}")
    folder = path if path.is_dir() else path.parent
    files = find_dag_files(path) if path.is_dir() else [path.name]
    dags: dict[str, DAG] = {}
    errors: dict[str, str] = {}
    with using_platform(MemoryPlatform(MemoryStore(variables=dict(variables or {})))):
        for name in files:
            file = folder / name
            if path.is_dir() and file.suffix == ".py" and not mentions_dags(file.read_bytes()):
                continue
            try:
                loaded = load_file(file, dags_folder=folder)
                for dag in loaded.dags.values():
                    build_spec(dag, file=name)
            except DagFileError as error:
                errors[name] = str(error)
            except EtesianError as error:
                errors[name] = f"{name}: {error}"
            else:
                dags |= loaded.dags
    return DagFolder(folder, dags, errors)

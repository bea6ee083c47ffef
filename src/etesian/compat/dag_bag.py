"""``DagBag``: the DAGs of a folder, imported in this process as the parser would."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Final, NamedTuple, NoReturn

from etesian.compat.models.session import NoDatabaseAccessError
from etesian.compat.settings.configuration import conf
from etesian.foundation.clock import SystemClock
from etesian.foundation.errors import EtesianError
from etesian.sdk.dags.dag import DAG
from etesian.sdk.dags.dag_files import find_dag_files, mentions_dags
from etesian.sdk.dags.dag_loading import LoadedFile, load_file
from etesian.sdk.exceptions import AirflowDagDuplicatedIdException
from etesian.sdk.graph.scope import DagContext, set_aside

_clock: Final = SystemClock()


class FileLoadStat(NamedTuple):
    """One file of a bag."""

    file: str
    duration: float  #: seconds
    dag_num: int
    task_num: int
    dags: str
    warning_num: int


class DagBag:
    """DAGs by id, and what is wrong with the other files by path.

    Without a folder it is that of the settings. Files of ``.airflowignore`` and, in ``safe_mode``, those that speak of
    no DAG are left out. A file that is being imported already, because it makes the bag itself, is left out too.
    """

    _being_imported: ClassVar[set[Path]] = set()

    def __init__(
        self,
        dag_folder: str | Path | None = None,
        include_examples: bool = False,
        safe_mode: bool = True,
        read_dags_from_db: bool = False,
        collect_dags: bool = True,
        **_: Any,
    ) -> None:
        if read_dags_from_db:
            self.collect_dags_from_db()
        self.dag_folder = str(dag_folder or conf.get("core", "dags_folder"))
        self.dags: dict[str, DAG] = {}
        self.import_errors: dict[str, str] = {}
        self.captured_warnings: dict[str, tuple[str, ...]] = {}
        self.dagbag_stats: list[FileLoadStat] = []
        if collect_dags:
            self.collect_dags(self.dag_folder, safe_mode=safe_mode)

    @property
    def dag_ids(self) -> list[str]:
        """Names of the DAGs."""
        return list(self.dags)

    def size(self) -> int:
        """Return how many DAGs there are."""
        return len(self.dags)

    def get_dag(self, dag_id: str, *_: Any, **__: Any) -> DAG | None:
        """Return a DAG of the bag; None when it has none of that name."""
        return self.dags.get(dag_id)

    def bag_dag(self, dag: DAG, *_: Any, **__: Any) -> None:
        """Add a DAG.

        Raises:
            AirflowDagDuplicatedIdException: another file has given one of that name.
        """
        known = self.dags.get(dag.dag_id)
        if known is not None and known is not dag and known.fileloc != dag.fileloc:
            raise AirflowDagDuplicatedIdException(
                f"the DAG {dag.dag_id!r} is defined in {known.fileloc} and in {dag.fileloc}; rename one"
            )
        self.dags[dag.dag_id] = dag

    def collect_dags(self, dag_folder: str | Path | None = None, *, safe_mode: bool = True, **_: Any) -> None:
        """Import the files of a folder, or one file, and add their DAGs."""
        place = Path(dag_folder or self.dag_folder).expanduser()
        files = [place / name for name in find_dag_files(place)] if place.is_dir() else [place]
        for file in files:
            self._add(file, place if place.is_dir() else place.parent, safe_mode=safe_mode)

    def process_file(self, filepath: str | Path, safe_mode: bool = True, **_: Any) -> list[DAG]:
        """Import one file, add its DAGs and return them; they are none if something is wrong with it."""
        file = Path(filepath)
        folder = Path(self.dag_folder)
        return self._add(file, folder if file.is_relative_to(folder) else file.parent, safe_mode=safe_mode)

    def dagbag_report(self) -> str:
        """Return a table of the files and how long each took."""
        lines = [f"{stat.duration:8.3f} s  {stat.dag_num:4} DAGs  {stat.file}" for stat in self.dagbag_stats]
        return "\n".join([f"DagBag of {self.dag_folder}: {self.size()} DAGs", *lines])

    def sync_to_db(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse: the parser stores DAGs.

        Raises:
            NoDatabaseAccessError: always.
        """
        raise NoDatabaseAccessError("a DagBag cannot be stored; the parser does that")

    def collect_dags_from_db(self) -> NoReturn:
        """Refuse: stored DAGs are read through the API.

        Raises:
            NoDatabaseAccessError: always.
        """
        raise NoDatabaseAccessError(
            "a DagBag imports files; ask GET /api/v2/dags for the DAGs that are stored"
        )

    def _add(self, file: Path, folder: Path, *, safe_mode: bool) -> list[DAG]:
        path = file.resolve()
        if path in self._being_imported or str(path) == DagContext.current_file:
            return []
        self._being_imported.add(path)
        started = _clock.monotonic()
        try:
            if safe_mode and path.suffix == ".py" and not mentions_dags(path.read_bytes()):
                return []
            with set_aside():
                loaded = load_file(path, dags_folder=folder)
            return self._keep(str(file), loaded, started)
        except (EtesianError, OSError) as error:
            self.import_errors[str(file)] = str(error)
            return []
        finally:
            self._being_imported.discard(path)

    def _keep(self, file: str, loaded: LoadedFile, started: float) -> list[DAG]:
        found = list(loaded.dags.values())
        for dag in found:
            self.bag_dag(dag)
        if loaded.warnings:
            self.captured_warnings[file] = loaded.warnings
        self.dagbag_stats.append(
            FileLoadStat(
                file=file,
                duration=_clock.monotonic() - started,
                dag_num=len(found),
                task_num=sum(len(dag.tasks) for dag in found),
                dags=str(sorted(loaded.dags)),
                warning_num=len(loaded.warnings),
            )
        )
        return found

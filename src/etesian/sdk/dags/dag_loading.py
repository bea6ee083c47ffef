"""Importing one DAG file: under a name of its own, with the DAGs folder importable, and errors that name file
and line.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import takewhile
from pathlib import Path
from types import ModuleType, TracebackType

from etesian.foundation.errors import EtesianError
from etesian.sdk.dags.bytecode import forget_fresh_bytecode
from etesian.sdk.dags.dag import DAG
from etesian.sdk.dags.dag_finishing import finish_dag
from etesian.sdk.era import era_of_file, using_era
from etesian.sdk.exceptions import AirflowClusterPolicySkipDag
from etesian.sdk.graph.scope import DagContext, TaskGroupContext


class DagFileError(EtesianError):
    """A DAG file that cannot be imported. The text begins with ``file:line``; ``traceback`` holds the
    author's frames.
    """

    def __init__(self, message: str, *, file: str, line: int | None, traceback: str) -> None:
        super().__init__(message)
        self.file = file
        self.line = line
        self.traceback = traceback


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedFile:
    """What importing a DAG file gave."""

    path: Path
    file: str  #: relative to the DAGs folder
    dags: dict[str, DAG]
    imported_files: tuple[
        Path, ...
    ]  #: the modules of the DAGs folder that the file imported, directly or not
    warnings: tuple[str, ...] = ()  #: what the author should know, in words


def load_dags(path: Path, *, dags_folder: Path) -> dict[str, DAG]:
    """Import a DAG file and return its DAGs by id; see ``load_file``."""
    return load_file(path, dags_folder=dags_folder).dags


def load_file(path: Path, *, dags_folder: Path) -> LoadedFile:
    """Import a ``.py`` file, or the modules at the top of a ``.zip``, and return the DAGs that it defines.

    These are the DAGs among its global variables, those used as ``with`` blocks, those made by ``@dag``
    functions, and the ones inside of these.

    Raises:
        DagFileError: the file raised or tried to exit, or a policy refused one of its DAGs.
    """
    path, dags_folder = path.resolve(), dags_folder.resolve()
    file = _relative(path, dags_folder)
    newest_before = next(reversed(sys.modules))
    try:
        dags = import_dags(path, dags_folder)
    finally:
        imported = tuple(_imported_files(newest_before, dags_folder, path))
        forget_fresh_bytecode((path, *imported))
    by_id: dict[str, DAG] = {}
    warnings = []
    for dag in dict.fromkeys(dags):
        if dag.dag_id in by_id:
            lines = f"lines {by_id[dag.dag_id].line} and {dag.line}"
            warnings.append(f"{file} defines two DAGs {dag.dag_id!r} ({lines}); the later one counts")
        by_id[dag.dag_id] = dag
    warnings += _finish(by_id, path, file, dags_folder)
    return LoadedFile(
        path=path,
        file=file,
        dags=by_id,
        imported_files=imported,
        warnings=tuple(warnings),
    )


def import_dags(path: Path, dags_folder: Path) -> list[DAG]:
    """Import a file, both paths resolved, and return its DAGs as it made them: no policy has had its say.

    Raises:
        DagFileError: the file raised or tried to exit.
    """
    file = _relative(path, dags_folder)
    if str(dags_folder) not in sys.path:
        sys.path.insert(0, str(dags_folder))
    dags: list[DAG] = []
    for module_name in _module_names(path, file):
        dags += _import_one(path, file, module_name, dags_folder)
    return dags


def module_name_of(file: str) -> str:
    """Return the name under which a DAG file is imported: the same in every process, no other module's."""
    stem = "".join(letter if letter.isalnum() else "_" for letter in Path(file).stem)
    return f"etesian_dag_{sha256(file.encode()).hexdigest()[:12]}_{stem}"


def _relative(path: Path, dags_folder: Path) -> str:
    return str(path.relative_to(dags_folder)) if path.is_relative_to(dags_folder) else path.name


def _module_names(path: Path, file: str) -> list[str]:
    """Return the modules to import: one for a Python file, the top ones of an archive."""
    if path.suffix != ".zip":
        return [module_name_of(file)]
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if "/" not in name and name.endswith(".py")]
    return sorted(name.removesuffix(".py") for name in names if name != "__init__.py")


def _import_one(path: Path, file: str, module_name: str, dags_folder: Path) -> list[DAG]:
    DagContext.current_autoregister_module_name = module_name
    DagContext.current_file = str(path)
    DagContext.autoregistered_dags.clear()
    try:
        with using_era(era_of_file(path)):
            module = _execute(path, module_name)
    except (Exception, SystemExit) as error:
        sys.modules.pop(module_name, None)
        raise _describe(error, path, file, dags_folder) from error
    finally:
        DagContext.current_autoregister_module_name = None
        DagContext.current_file = None
        registered = [dag for dag, _ in DagContext.autoregistered_dags]
        DagContext.reset()
        TaskGroupContext.reset()
    found = [*registered, *(value for value in list(vars(module).values()) if isinstance(value, DAG))]
    inner = [subdag for dag in dict.fromkeys(found) for subdag in dag.subdags]
    for subdag in inner:
        subdag.become_subdag()
    return [*found, *inner]


def _finish(dags: dict[str, DAG], path: Path, file: str, dags_folder: Path) -> Iterator[str]:
    """Let the finishers have their say; take the DAGs out that one wants to be left out, and say so."""
    for dag in list(dags.values()):
        try:
            finish_dag(dag)
        except AirflowClusterPolicySkipDag as skip:
            del dags[dag.dag_id]
            yield f"{file}: DAG {dag.dag_id!r} is left out by a policy: {skip}"
        except Exception as error:
            raise _describe(error, path, file, dags_folder) from error


def _execute(path: Path, module_name: str) -> ModuleType:
    if path.suffix == ".zip":
        sys.path.insert(0, str(path))
        sys.modules.pop(module_name, None)
        return importlib.import_module(module_name)
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    spec.loader.exec_module(module)
    return module


def _imported_files(newest_before: str, dags_folder: Path, path: Path) -> Iterator[Path]:
    for name in sorted(_modules_after(newest_before)):
        origin = getattr(sys.modules.get(name), "__file__", None)
        if origin and Path(origin) != path and Path(origin).is_relative_to(dags_folder):
            yield Path(origin)


def _modules_after(newest_before: str) -> Iterator[str]:
    """Yield the modules that were imported after one; the others are not looked at, because each look at a name
    costs a DAG host a page of memory.
    """
    return takewhile(lambda name: name != newest_before, reversed(sys.modules))


# --- errors -------------------------------------------------------------------------------------------------


def _describe(error: BaseException, path: Path, file: str, dags_folder: Path) -> DagFileError:
    where, line = _place(error, path, dags_folder)
    shown = file if where == str(path) else _relative(Path(where), dags_folder)
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, SystemExit):
        what = (
            f"the file calls sys.exit({error.code!r}) while it is imported; a DAG file must only define DAGs"
        )
    elif isinstance(error, SyntaxError):
        what = f"{type(error).__name__}: {error.msg}"
    elif isinstance(error, EtesianError):
        what = str(error)
    prefix = f"{shown}:{line}" if line is not None else shown
    return DagFileError(f"{prefix}: {what}", file=shown, line=line, traceback=_format(error, path))


def _place(error: BaseException, path: Path, dags_folder: Path) -> tuple[str, int | None]:
    """Return where the author should look: the syntax error, else the file's own innermost line, else the
    folder's.
    """
    if isinstance(error, SyntaxError) and error.filename:
        return error.filename, error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    for matches in (
        lambda name: name == str(path) or name.startswith(f"{path}/"),
        lambda name: Path(name).is_relative_to(dags_folder),
    ):
        found = [frame for frame in frames if matches(frame.filename)]
        if found:
            return found[-1].filename, found[-1].lineno
    return str(path), None


def _format(error: BaseException, path: Path) -> str:
    """Return the traceback from the author's file on: how we came to import it says nothing to the author."""
    here: TracebackType | None = error.__traceback__
    while here is not None and not here.tb_frame.f_code.co_filename.startswith(str(path)):
        here = here.tb_next
    return "".join(traceback.format_exception(type(error), error, here))

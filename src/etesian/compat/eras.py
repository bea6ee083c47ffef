"""Which generation of Airflow a DAG file was written for, told from the modules that it imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

from etesian.sdk.era import AIRFLOW_1, AIRFLOW_2, NATIVE, Era

#: Modules that exist in Airflow 3 only. Its defaults are ours.
_ONLY_3: Final = ("airflow.sdk", "airflow.providers.standard")
#: Packages whose modules were renamed for 2.0: ``airflow.operators.bash_operator`` became ``.bash``.
_RENAMED: Final = ("airflow.operators.", "airflow.sensors.", "airflow.hooks.")
_OLD_ENDINGS: Final = ("_operator", "_sensor", "_hook", "_transfer", "_to_s3", "_to_gcs", "_check")
#: Packages from which 1.10 gave classes without naming their module.
_OLD_PACKAGES: Final = frozenset({"airflow.operators", "airflow.sensors", "airflow.hooks"})


@lru_cache(maxsize=256)
def era_of(path: Path) -> Era:
    """Return the era of a DAG file: the newest one that its imports leave possible.

    A file that imports nothing of ``airflow``, or that cannot be read, is one of ours.
    """
    try:
        source = path.read_bytes()
        # Parsing every file just for this would cost each DAG host a megabyte.
        modules = list(_airflow_modules(ast.parse(source))) if b"airflow" in source else []
    except (OSError, SyntaxError, ValueError):
        return NATIVE
    if not modules or any(module.startswith(_ONLY_3) for module in modules):
        return NATIVE
    return AIRFLOW_1 if any(_is_of_1(module) for module in modules) else AIRFLOW_2


def _airflow_modules(tree: ast.Module) -> Iterator[str]:
    """Yield the modules of ``airflow`` that a file imports anywhere, also inside of functions."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [node.module]
        yield from (name for name in names if name.partition(".")[0] == "airflow")


def _is_of_1(module: str) -> bool:
    if module.startswith("airflow.contrib") or module in _OLD_PACKAGES:
        return True
    return module.startswith(_RENAMED) and module.endswith(_OLD_ENDINGS)

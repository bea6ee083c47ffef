"""Looking at a file without running it: the airflow names it imports, and what needs Airflow's own database."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from typing import Final

from etesian.compat.check.finding import Finding, Severity
from etesian.compat.models.session import NoDatabaseAccessError

#: Names that give a session of the metadata database; whatever is asked of it is refused.
_SESSIONS: Final = frozenset({"create_session", "provide_session", "Session", "SASession"})
_SESSION_TEXT: Final = (
    "{name} gives no access to Airflow's database here; use Variable, Connection, ti.xcom_pull, DagRun.find or the "
    "REST API under /api/v2"
)


def read_findings(source: bytes) -> list[Finding]:
    """Return what can be said of a file from its text alone; nothing for one that cannot be parsed."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):  # importing it will say so
        return []
    return [*_imports(tree), *_sessions(tree)]


def _imports(tree: ast.Module) -> Iterator[Finding]:
    """Yield each airflow name that cannot be imported, also those after the first."""
    guarded = {id(node) for outer in ast.walk(tree) if isinstance(outer, ast.Try) for node in ast.walk(outer)}
    for node in ast.walk(tree):
        if id(node) in guarded or not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        for module, name in _names_of(node):
            problem = _try(module, name)
            if problem is not None:
                yield Finding(line=node.lineno, severity=Severity.ERROR, text=problem)


def _names_of(node: ast.Import | ast.ImportFrom) -> list[tuple[str, str | None]]:
    if isinstance(node, ast.Import):
        found: list[tuple[str, str | None]] = [(alias.name, None) for alias in node.names]
    else:
        found = [(node.module or "", alias.name) for alias in node.names] if node.level == 0 else []
    return [(module, name) for module, name in found if module.partition(".")[0] == "airflow"]


def _try(module: str, name: str | None) -> str | None:
    """Import a name as the file would, and return why that fails; None when it does not."""
    statement = f"from {module} import {name}" if name and name != "*" else f"import {module}"
    try:
        exec(compile(statement, "<check>", "exec"), {})
    except ImportError as error:
        return str(error)
    except Exception as error:
        return f"{module} cannot be imported: {type(error).__name__}: {error}"
    return None


def _sessions(tree: ast.Module) -> Iterator[Finding]:
    """Yield the places where a file wants the metadata database, or rows of one of its tables."""
    tables = dict(_imported_tables(tree))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = _last_name(node.func)
        if called in _SESSIONS:
            yield _warning(node, _SESSION_TEXT.format(name=called))
        elif called in tables and isinstance(node.func, ast.Name):
            yield _warning(node, tables[called])
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for decorator in node.decorator_list:
                if _last_name(decorator) == "provide_session":
                    yield _warning(decorator, _SESSION_TEXT.format(name="provide_session"))


def _imported_tables(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield names that a file imports and that stand for tables of Airflow, with what each says when it is used."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("airflow.models"):
            continue
        for alias in node.names:
            try:
                value = getattr(importlib.import_module(str(node.module)), alias.name)
                if value.__module__ == "etesian.compat.models.views":
                    value()
            except NoDatabaseAccessError as error:
                yield alias.asname or alias.name, str(error)
            except Exception:
                continue


def _warning(node: ast.expr, text: str) -> Finding:
    return Finding(line=node.lineno, severity=Severity.WARNING, text=text)


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""

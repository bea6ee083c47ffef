"""How many of the installed providers' task-side modules can be imported, and the part of the page that says so."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_REPORT: Final = Path(__file__).parents[1] / "compat_report.py"
_BEGIN: Final = "<!-- begin: imports -->\n"
_END: Final = "<!-- end: imports -->\n"

_HEAD: Final = """
## Their modules

*Task-side* are the operators, sensors, hooks, transfers, triggers, links, notifications and decorators of a provider:
what DAG files and tasks import. **{imported} of {modules}** such modules of {providers} providers can be imported,
those of each provider in a process of its own. `make provider-imports SUITES_PYTHON=ENV/bin/python` counts those that
are installed in an environment, and writes this part of the page.

| provider | version | task-side modules | imported |
|---|---|---|---|
"""


class ImportReportError(Exception):
    """The modules cannot be counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderImports:
    """What came of importing the task-side modules of one provider."""

    version: str
    modules: int
    failures: Mapping[str, str]  #: what went wrong, by module


def count_imports(python: Path) -> dict[str, ProviderImports]:
    """Import the task-side modules of all providers that are installed for ``python``; return what came of it.

    Raises:
        ImportReportError: there is no report, as when Etesian is not installed there.
    """
    command = [str(python), str(_REPORT), "--providers", "--json"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        report = json.loads(result.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        raise ImportReportError(f"{python} gave no report on imports: {result.stderr[-800:]}") from None
    return {provider: ProviderImports(**counted) for provider, counted in sorted(report.items())}


def render_imports(imports: Mapping[str, ProviderImports]) -> str:
    """Return the part of the page, with the marks by which it is found again."""
    modules = sum(counted.modules for counted in imports.values())
    failed = sum(len(counted.failures) for counted in imports.values())
    head = _HEAD.format(imported=modules - failed, modules=modules, providers=len(imports))
    rows = [
        f"| {provider} | {counted.version} | {counted.modules} | {counted.modules - len(counted.failures)} |\n"
        for provider, counted in imports.items()
    ]
    return "".join([_BEGIN, head, *rows, *_failing(imports), "\n", _END])


def _failing(imports: Mapping[str, ProviderImports]) -> list[str]:
    named = [item for counted in imports.values() for item in counted.failures.items()]
    if not named:
        return []
    return ["\nNot imported:\n\n", *(f"- `{module}`: {error:.160}\n" for module, error in named)]


def find_imports(page: str) -> str:
    """Return the part of a page that `render_imports` made; nothing when it has none."""
    begin, end = page.find(_BEGIN), page.find(_END)
    return page[begin : end + len(_END)] if 0 <= begin < end else ""


def replace_imports(page: str, imports: str) -> str:
    """Return a page with another such part, at the place of its own or at the end."""
    found = find_imports(page)
    return page.replace(found, imports) if found else f"{page}\n{imports}"

"""Import DAG files written for Airflow, each in a process of its own, and report what can run.

    python scripts/compat_report.py FOLDER...          files of these folders
    python scripts/compat_report.py --providers        all task-side modules of the installed providers
    python scripts/compat_report.py --providers --json the same, by provider, for programs

Run it with the interpreter of an environment that has the provider packages which the files need. It fetches nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from etesian import compat
from etesian.compat.check.finding import FileReport, Severity
from etesian.compat.check.importing import check_folder
from etesian.compat.missing import provider_of

#: The parts of a provider that DAG files and tasks import; the rest is Airflow's server.
_TASK_SIDE = frozenset(
    {"operators", "sensors", "hooks", "transfers", "triggers", "links", "notifications", "decorators"}
)


def main() -> int:
    """Print the report; the exit code says whether everything could be imported."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--providers", action="store_true")
    parser.add_argument(
        "--json", action="store_true", help="with --providers: print one object of all providers"
    )
    parser.add_argument("--timeout", type=float, default=60.0)
    options = parser.parse_args()
    if options.providers:
        return report_providers(as_json=options.json)
    reports = [
        report for folder in options.folders for report in check_folder(folder, timeout=options.timeout)
    ]
    return report_files(reports)


def report_files(reports: list[FileReport]) -> int:
    """Print how many files can run, and the most frequent reasons of those that cannot."""
    reasons = Counter(
        finding.text
        for report in reports
        for finding in report.findings
        if finding.severity is Severity.ERROR
    )
    for text, count in reasons.most_common(40):
        print(f"{count:5d}  {text:.160}")
    fine = sum(report.is_fine for report in reports)
    dags = sum(len(report.dags) for report in reports)
    print(f"{fine} of {len(reports)} files can run; {dags} DAGs")
    return 0 if fine == len(reports) else 1


def report_providers(*, as_json: bool) -> int:
    """Import the task-side modules of the installed providers, one child per provider; print those that fail."""
    compat.install()
    modules = provider_modules()
    failures = {provider: import_in_child(names) for provider, names in modules.items()}
    if as_json:
        print(json.dumps({provider: describe(provider, modules, failures) for provider in modules}))
    else:
        for failed in failures.values():
            print(*(f"{module}: {error:.200}\n" for module, error in failed.items()), sep="", end="")
        total, bad = (sum(map(len, counted.values())) for counted in (modules, failures))
        print(f"{total - bad} of {total} task-side modules of {len(modules)} providers can be imported")
    return 1 if any(failures.values()) else 0


def describe(
    provider: str, modules: dict[str, list[str]], failures: dict[str, dict[str, str]]
) -> dict[str, object]:
    """Return what a program wants to know of one provider."""
    distribution = f"apache-airflow-providers-{provider.replace('.', '-')}"
    return {
        "version": version(distribution),
        "modules": len(modules[provider]),
        "failures": failures[provider],
    }


def provider_modules() -> dict[str, list[str]]:
    """Return the modules below ``airflow.providers`` that tasks may import, by provider."""
    found: dict[str, list[str]] = {}
    for folder in import_module("airflow.providers").__path__:
        for path in sorted(Path(folder).rglob("*.py")):
            inside = path.relative_to(folder)
            parts = (inside.parent if inside.stem == "__init__" else inside.with_suffix("")).parts
            if _TASK_SIDE.intersection(parts) and "example_dags" not in parts:
                found.setdefault(provider_of(list(parts)), []).append(".".join(("airflow.providers", *parts)))
    return found


def import_in_child(modules: list[str]) -> dict[str, str]:
    """Import modules one after the other in a forked process; return what went wrong, by module."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        with os.fdopen(writer, "w") as stream:
            for module in modules:
                stream.write(json.dumps([module, try_import(module)]) + "\n")
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        answers = dict(json.loads(line) for line in stream)
    os.waitpid(child, 0)
    failures = {module: error for module, error in answers.items() if error}
    return failures | {module: "the process ended" for module in modules if module not in answers}


def try_import(module: str) -> str:
    """Import a module in this process; return what went wrong, or nothing."""
    try:
        import_module(module)
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return ""


if __name__ == "__main__":
    sys.exit(main())

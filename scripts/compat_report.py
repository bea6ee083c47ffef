"""Import DAG files written for Airflow, each in a process of its own, and report what can run.

    python scripts/compat_report.py FOLDER...          files of these folders
    python scripts/compat_report.py --providers        all task-side modules of the installed providers

Run it with the interpreter of an environment that has the provider packages which the files need. It fetches nothing.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from etesian import compat
from etesian.compat.check.finding import FileReport, Severity
from etesian.compat.check.importing import check_folder

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
    parser.add_argument("--timeout", type=float, default=60.0)
    options = parser.parse_args()
    if options.providers:
        return report_providers()
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


def report_providers() -> int:
    """Import each task-side module of the installed providers in a child; print those that fail."""
    compat.install()
    failed = total = 0
    for module in provider_modules():
        total += 1
        error = import_in_child(module)
        if error:
            failed += 1
            print(f"{module}: {error:.200}")
    print(f"{total - failed} of {total} task-side modules of providers can be imported")
    return 0 if not failed else 1


def provider_modules() -> Iterator[str]:
    """Yield the names of the modules below ``airflow.providers`` that tasks may import."""
    package = import_module("airflow.providers")
    for folder in package.__path__:
        for path in sorted(Path(folder).rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            if _TASK_SIDE.intersection(parts) and "example_dags" not in parts and parts[-1] != "__init__":
                yield ".".join(("airflow.providers", *parts))


def import_in_child(module: str) -> str:
    """Import a module in a forked process; return what went wrong, or nothing."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            import_module(module)
            text = ""
        except BaseException as error:
            text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        os.write(writer, text.encode()[:2000])
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        text = stream.read()
    os.waitpid(child, 0)
    return text


if __name__ == "__main__":
    sys.exit(main())

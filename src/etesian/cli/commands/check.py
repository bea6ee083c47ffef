"""``etesian check``: what of a folder of DAG files will run, before it is moved here."""

from __future__ import annotations

from pathlib import Path

import click

from etesian.cli.errors import CommandError, ExitCode, count_of
from etesian.cli.output import OutputFormat, output_option, print_rows
from etesian.cli.progress import show_progress
from etesian.compat.check.finding import FileReport, Severity
from etesian.compat.check.importing import check_folder, find_files

_COLUMNS = ("file", "line", "severity", "text")


class NoFilesError(CommandError):
    """A folder without DAG files."""

    exit_code = ExitCode.NOT_FOUND


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=60.0,
    show_default=True,
    help="Seconds that a file may take.",
)
@click.option("--strict", is_flag=True, help="Fail for warnings too.")
@output_option
def check(path: Path, timeout: float, strict: bool, output: OutputFormat) -> int:
    """Import DAG files and say what will not run, with line numbers. No task is executed.

    Exit code 0: everything can run; 1: something cannot.
    """
    path = path.resolve()
    root = path if path.is_dir() else path.parent
    count = len(find_files(path))
    if not count:
        raise NoFilesError(f"there is no Python file below {str(path)!r}")
    reports = list(show_progress(check_folder(path, timeout=timeout), "checking", total=count))
    rows = [row for report in reports for row in _rows(report, root)]
    print_rows(rows, output, columns=_COLUMNS, nothing="Nothing to change.")
    fine = sum(report.is_fine for report in reports)
    dags = sum(len(report.dags) for report in reports)
    tasks = sum(sum(report.dags.values()) for report in reports)
    score = 100 * fine // len(reports)
    content = f"{count_of(dags, 'DAG')}, {count_of(tasks, 'task')}"
    click.echo(f"{fine} of {count_of(len(reports), 'file')} can run ({score} %): {content}.", err=True)
    return ExitCode.FAILED if fine < len(reports) or (strict and rows) else ExitCode.OK


def _rows(report: FileReport, root: Path) -> list[dict[str, object]]:
    file = str(report.path.relative_to(root))
    return [
        {
            "file": file,
            "line": finding.line,
            "severity": Severity(finding.severity).value,
            "text": finding.text,
        }
        for finding in report.findings
    ]

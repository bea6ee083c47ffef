"""The entry of the ``etesian`` command: what there is, and how a command's end becomes an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Final

import click

from etesian.cli.errors import CommandError, ExitCode
from etesian.cli.lazy_group import Entry, LazyGroup
from etesian.foundation.errors import EtesianError

_COMMANDS: Final = "etesian.cli.commands"

SECTIONS: Final = {
    "Start": {
        "standalone": Entry(
            f"{_COMMANDS}.services:standalone", "Everything on this machine, with one command."
        ),
        "run": Entry(f"{_COMMANDS}.run:run", "Run one DAG file to its end, without a server."),
        "scheduler": Entry(f"{_COMMANDS}.services:scheduler", "Decide what runs."),
        "worker": Entry(f"{_COMMANDS}.services:worker", "Run tasks on this host."),
        "api-server": Entry(f"{_COMMANDS}.services:api_server", "Serve the REST API and the status page."),
        "parser": Entry(f"{_COMMANDS}.services:parser", "Read DAG files."),
        "dag-processor": Entry(f"{_COMMANDS}.services:parser", "The same as parser.", is_hidden=True),
        "triggerer": Entry(f"{_COMMANDS}.services:triggerer", "Wait on behalf of deferred tasks."),
    },
    "Look and steer": {
        "dags": Entry(f"{_COMMANDS}.dags:group", "List, show, trigger, pause and test DAGs."),
        "tasks": Entry(f"{_COMMANDS}.tasks:group", "List, test, clear tasks; read their logs and states."),
        "bundles": Entry(f"{_COMMANDS}.bundles:group", "Places that DAG files come from."),
        "backfill": Entry(f"{_COMMANDS}.backfill:group", "Run a DAG for dates that are past."),
        "why": Entry(f"{_COMMANDS}.why:why", "Say why a task does not run."),
    },
    "Keep": {
        "variables": Entry(f"{_COMMANDS}.variables:group", "Settings of DAGs."),
        "connections": Entry(f"{_COMMANDS}.connections:group", "Addresses and credentials of other systems."),
        "pools": Entry(f"{_COMMANDS}.pools:group", "Limits on how many tasks run at once."),
        "db": Entry(f"{_COMMANDS}.db:group", "The metadata database."),
    },
    "Move from Airflow": {
        "check": Entry(f"{_COMMANDS}.check:check", "Say what of a folder of DAG files will run."),
        "providers": Entry(f"{_COMMANDS}.providers:group", "Install and list Airflow's provider packages."),
        "compat": Entry(f"{_COMMANDS}.compat:group", "Give `import airflow` to a whole environment."),
    },
    "Ask": {
        "config": Entry(f"{_COMMANDS}.config:group", "The settings in force and where they come from."),
        "info": Entry(f"{_COMMANDS}.info:info", "This installation, for a bug report."),
        "version": Entry(f"{_COMMANDS}.info:version", "The version."),
    },
}

root: Final = LazyGroup(
    "etesian",
    SECTIONS,
    help="Author, schedule and monitor workflows as Python code.\n\n"
    "`etesian COMMAND --help` tells more. Settings: `etesian config list`. Exit codes: 0 done, 1 failed, "
    "2 wrong usage, 3 not found, 4 conflict.",
)
root.params.append(
    click.Option(["--debug"], is_flag=True, envvar="ETESIAN_DEBUG", help="Show the traceback of an error.")
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command line and exit with its code."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    sys.exit(run_command(arguments))


def run_command(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code. A user's error is one sentence, never a traceback."""
    try:
        _check_encoding(arguments)
        code = root.main(list(arguments), prog_name="etesian", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader of a pipe has gone, as in `| head`. What Python would still flush has no reader either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    except Exception as error:
        return _report(error, show_traceback="--debug" in arguments or bool(os.environ.get("ETESIAN_DEBUG")))
    return code if isinstance(code, int) else ExitCode.OK


def _check_encoding(arguments: Sequence[str]) -> None:
    """Refuse bytes that are not UTF-8, which Python brings in as lone surrogates and nothing can store.

    Raises:
        click.UsageError: an argument has some.
    """
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError as error:
            raise click.UsageError(f"the argument {argument!r} is not UTF-8 text") from error


def _report(error: Exception, *, show_traceback: bool) -> ExitCode:
    if show_traceback:
        import traceback  # late: rarely needed

        traceback.print_exception(error)
    if isinstance(error, EtesianError):
        click.echo(f"Error: {error}", err=True)
        return _exit_code_of(error)
    click.echo(
        f"Internal error: {type(error).__name__}: {error}\n"
        "This is a fault of Etesian. `etesian --debug ...` shows the traceback for a report.",
        err=True,
    )
    return ExitCode.INTERNAL


def _exit_code_of(error: EtesianError) -> ExitCode:
    if isinstance(error, CommandError):
        return error.exit_code
    from etesian.config.errors import SettingsError  # late: only for an error
    from etesian.store.errors import UnsupportedDatabaseError
    from etesian.store.refusals import Refusal, refusal_of

    if isinstance(error, SettingsError | UnsupportedDatabaseError):
        return ExitCode.USAGE
    codes = {
        Refusal.UNKNOWN: ExitCode.NOT_FOUND,
        Refusal.CONFLICT: ExitCode.CONFLICT,
        Refusal.INVALID: ExitCode.USAGE,
    }
    refusal = refusal_of(error)
    return ExitCode.FAILED if refusal is None else codes.get(refusal, ExitCode.FAILED)

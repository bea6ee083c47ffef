"""The ``airflow`` command: Airflow's command lines, of all three eras, carried out by ours.

`etesian compat enable --command` puts it into an environment, for scripts and habits.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Final

import click

from etesian.cli.errors import ExitCode
from etesian.cli.main import run_command

Words = tuple[str, ...]

#: What Airflow calls a command, to what we call it. The longest beginning counts; the rest is passed on.
_RENAMED: Final[Mapping[Words, Words]] = {
    ("webserver",): ("api-server",),
    ("dag-processor",): ("parser",),
    ("celery", "worker"): ("worker",),
    ("db", "init"): ("db", "migrate"),
    ("db", "upgrade"): ("db", "migrate"),
    ("db", "check-migrations"): ("db", "check"),
    ("dags", "backfill"): ("backfill", "create"),
    ("tasks", "failed-deps"): ("why",),
    # 1.10
    ("initdb",): ("db", "migrate"),
    ("upgradedb",): ("db", "migrate"),
    ("resetdb",): ("db", "reset"),
    ("checkdb",): ("db", "check"),
    ("list_dags",): ("dags", "list"),
    ("show_dag",): ("dags", "show"),
    ("dag_state",): ("dags", "state"),
    ("list_dag_runs",): ("dags", "list-runs"),
    ("next_execution",): ("dags", "next-execution"),
    ("pause",): ("dags", "pause"),
    ("unpause",): ("dags", "unpause"),
    ("trigger_dag",): ("dags", "trigger"),
    ("delete_dag",): ("dags", "delete"),
    ("backfill",): ("dags", "backfill"),
    ("list_tasks",): ("tasks", "list"),
    ("task_state",): ("tasks", "state"),
    ("task_failed_deps",): ("why",),
    ("test",): ("tasks", "test"),
    ("render",): ("tasks", "render"),
    ("clear",): ("tasks", "clear"),
}
#: Commands of ours that Airflow 3 spells in the same way as a 1.10 command above.
_NEWER: Final = frozenset({("backfill", "create")})

#: What has no counterpart, and what does its job.
_INSTEAD: Final[Mapping[Words, str]] = {
    ("users",): "sign-in is set up by the settings of section `api`; see `etesian config list --section api`",
    ("roles",): "rights are set up by the settings of section `api`; see `etesian config list --section api`",
    ("sync-perm",): "there are no permissions to bring up to date",
    ("jobs",): "ask GET /api/v2/monitor/health",
    ("plugins",): "plugins are named in the logs of the parser and the workers when they cannot be loaded",
    ("run",): "`etesian tasks test` runs one task, `etesian dags trigger` a whole DAG",
    ("tasks", "run"): "`etesian tasks test` runs one task, `etesian dags trigger` a whole DAG",
    ("dags", "reserialize"): "the parser stores DAGs within a second of a change",
    ("dags", "report"): "`etesian dags list` and `etesian dags list-import-errors`",
    ("celery",): "`etesian worker`; Celery's own command shows its queues",
    ("flower",): "Celery's own command starts it",
    ("kerberos",): "tickets are renewed by the machine",
    ("kubernetes",): "pods of finished attempts are removed at once",
    ("rotate-fernet-key",): "put the new key first in the setting secrets.fernet_keys",
    ("shell",): "the database's own client",
    ("cheat-sheet",): "`etesian --help`",
}

#: Options of Airflow that nothing needs here; the number says how many words follow.
_DROPPED: Final[Mapping[str, int]] = {
    "-S": 1, "--subdir": 1, "-B": 1, "--bundle-name": 1, "-v": 0, "--verbose": 0, "-D": 0, "--daemon": 0,
}  # fmt: skip
_BACKFILL_OPTIONS: Final[Mapping[str, Words]] = {
    "-s": ("--from-date",), "--start-date": ("--from-date",), "--start_date": ("--from-date",),
    "-e": ("--to-date",), "--end-date": ("--to-date",), "--end_date": ("--to-date",),
    "-c": ("--dag-run-conf",), "--conf": ("--dag-run-conf",),
    "--reset-dagruns": ("--reprocess-behavior", "completed"), "--reset_dagruns": ("--reprocess-behavior", "completed"),
    "--rerun-failed-tasks": ("--reprocess-behavior", "failed"), "-y": (), "--yes": (),
}  # fmt: skip


class NoCounterpartError(click.UsageError):
    """A command of Airflow that Etesian does not have."""


def translate(arguments: Sequence[str]) -> list[str]:
    """Return our command line for one of Airflow's.

    Raises:
        NoCounterpartError: there is none; says what to do instead.

    >>> translate(["dags", "backfill", "-s", "2030-01-01", "-e", "2030-01-03", "etl"])
    ['backfill', 'create', '--from-date', '2030-01-01', '--to-date', '2030-01-03', '--dag-id', 'etl']
    """
    words = tuple(arguments)
    while words[:2] not in _NEWER and (old := _longest(words, _RENAMED)) is not None:
        words = (*_RENAMED[old], *words[len(old) :])
        if old == ("dags", "backfill"):
            return [*words[:2], *_translate_backfill(words[2:])]
    missing = _longest(words, _INSTEAD)
    if missing is not None:
        raise NoCounterpartError(f"`airflow {' '.join(missing)}` is not needed here: {_INSTEAD[missing]}")
    return _without_dropped(words)


def main() -> None:
    """Carry out a command line of Airflow's and exit with its code."""
    try:
        arguments = translate(sys.argv[1:])
    except NoCounterpartError as error:
        error.show()
        sys.exit(ExitCode.USAGE)
    sys.exit(run_command(arguments))


def _longest(words: Words, table: Mapping[Words, object]) -> Words | None:
    return next((words[:length] for length in (2, 1) if words[:length] in table and words), None)


def _without_dropped(words: Words) -> list[str]:
    kept, rest = [], list(words)
    while rest:
        word = rest.pop(0)
        option, has_value, _ = word.partition("=")
        if option not in _DROPPED:
            kept.append(word)
        elif not has_value:
            del rest[: _DROPPED[option]]
    return kept


def _translate_backfill(words: Words) -> list[str]:
    """Return the options of ours for those of Airflow 1 and 2, where the DAG was the argument."""
    rest, found = _without_dropped(words), []
    while rest:
        word = rest.pop(0)
        if not word.startswith("-"):
            found += ["--dag-id", word]
            continue
        option, has_value, value = word.partition("=")
        own = _BACKFILL_OPTIONS.get(option, (option,))
        found += own
        if has_value:
            found.append(value)
        elif len(own) == 1 and rest and not rest[0].startswith("-") and option != "--run-backwards":
            found.append(rest.pop(0))
    return found

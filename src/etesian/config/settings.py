"""The settings tree. Each option is declared here and nowhere else: name, type, default, unit, meaning.

Annotations are real types in this module, not texts, so that a command reads them at no cost when it starts.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, get_args

import msgspec

from etesian.config.bundles import BundleOption, check_names
from etesian.config.option import OptionInfo, describe
from etesian.config.secret import Secret, SecretUrl
from etesian.config.time_zone import TimeZoneName


class CoreSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What DAGs are run, and how many of their tasks at once."""

    dags_folder: Annotated[Path, describe("Folder of the DAG files.", in_home="{home}/dags")]
    bundles: Annotated[
        tuple[BundleOption, ...],
        describe(
            "Further places that DAG files come from: folders, git repositories, object stores ([bundles](bundles.md))."
        ),
    ] = ()
    load_examples: Annotated[bool, describe("Also load the examples that come with Etesian.")] = False
    executor: Annotated[str, describe("Where tasks run that do not say it themselves.")] = "local"
    parallelism: Annotated[
        int, describe("Attempts that may run at the same time, over all DAGs.", unit="attempts", at_least=1)
    ] = 32
    default_timezone: Annotated[
        TimeZoneName, describe("Time zone of schedules and dates in DAG files that name none.")
    ] = TimeZoneName("UTC")
    preload: Annotated[
        tuple[str, ...],
        describe("Modules that workers import once, before any DAG file, so that tasks share their memory."),
    ] = ()
    max_active_tasks_per_dag: Annotated[
        int, describe("Default of a DAG's `max_active_tasks`.", unit="tasks", at_least=1)
    ] = 16
    max_active_runs_per_dag: Annotated[
        int, describe("Default of a DAG's `max_active_runs`.", unit="runs", at_least=1)
    ] = 16
    max_map_length: Annotated[
        int, describe("Instances that one mapped task may expand to.", unit="instances", at_least=1)
    ] = 100_000
    default_task_retries: Annotated[
        int, describe("Default of a task's `retries`.", unit="tries", at_least=0)
    ] = 0
    default_task_retry_delay_seconds: Annotated[
        float, describe("Default of a task's `retry_delay`.", unit="seconds", at_least=0)
    ] = 300.0
    xcom_backend: Annotated[
        str | None, describe("Import path of a class that writes and reads XComs instead of plain JSON.")
    ] = None
    dags_are_paused_at_creation: Annotated[
        bool, describe("Whether a DAG that is seen for the first time starts paused.")
    ] = True

    def __post_init__(self) -> None:
        """Refuse bundles that cannot be told from each other."""
        check_names(self.bundles)


class DatabaseSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The metadata database."""

    url: Annotated[
        SecretUrl,
        describe(
            "Where the metadata is kept: `sqlite:///...` or `postgresql+psycopg://...`.",
            in_home="sqlite:///{home}/etesian.db",
        ),
    ]
    synchronous: Annotated[
        Literal["normal", "full"],
        describe(
            "SQLite only. `normal` survives the death of any process; `full` also survives a power cut."
        ),
    ] = "normal"
    pool_size: Annotated[
        int,
        describe("PostgreSQL only: connections that one process keeps open.", unit="connections", at_least=1),
    ] = 5


class SchedulerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The process that decides what runs."""

    lease_seconds: Annotated[
        float,
        describe("How long a leader may be silent before a standby takes over.", unit="seconds", at_least=2),
    ] = 4.0
    inbox_interval_seconds: Annotated[
        float,
        describe("How often to look for commands whose bell was missed.", unit="seconds", at_least=0.05),
    ] = 1.0
    queued_timeout_seconds: Annotated[
        float,
        describe(
            "How long an attempt may wait for a worker to claim it before it is taken back.",
            unit="seconds",
            at_least=1,
        ),
    ] = 600.0
    worker_timeout_seconds: Annotated[
        float,
        describe(
            "How long a worker may say nothing until it is ended, or be away until what it ran is given up.",
            unit="seconds",
            at_least=5,
        ),
    ] = 60.0


class ParserSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The process that reads DAG files."""

    processes: Annotated[
        int, describe("Files that are parsed at the same time.", unit="processes", at_least=1)
    ] = 2
    file_timeout_seconds: Annotated[
        float, describe("How long one file may take.", unit="seconds", at_least=0.1)
    ] = 50.0
    memory_limit_mb: Annotated[
        int | None, describe("Memory that the parse of one file may use.", unit="MB", at_least=64)
    ] = 2048
    reparse_interval_seconds: Annotated[
        float,
        describe(
            "How often a file is parsed although it did not change, because it may read the outside world.",
            unit="seconds",
            at_least=1,
        ),
    ] = 300.0
    ignore_syntax: Annotated[
        Literal["glob", "regexp"],
        describe("How `.airflowignore` files are written. `.etesianignore` files always hold globs."),
    ] = "glob"


class WorkerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The process that runs tasks on one host."""

    stop_grace_seconds: Annotated[
        float,
        describe(
            "How long a task may take to end after SIGTERM, before SIGKILL.", unit="seconds", at_least=0
        ),
    ] = 30.0
    max_dag_hosts: Annotated[
        int, describe("DAG files that are kept imported, ready to fork.", unit="processes", at_least=1)
    ] = 64
    dag_host_memory_mb: Annotated[
        int,
        describe(
            "Memory that idle DAG hosts may use together before the oldest goes.", unit="MB", at_least=16
        ),
    ] = 512
    dag_host_idle_seconds: Annotated[
        float, describe("How long an unused DAG host is kept.", unit="seconds", at_least=1)
    ] = 60.0
    queues: Annotated[tuple[str, ...], describe("Queues whose tasks this worker takes.")] = ("default",)


class TriggererSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The process that waits on behalf of deferred tasks."""

    capacity: Annotated[
        int, describe("Triggers that one triggerer waits for at the same time.", unit="triggers", at_least=1)
    ] = 10_000


class LoggingSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Logs of tasks and of Etesian's own processes."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"], describe("The least important messages to keep.")
    ] = "info"
    folder: Annotated[
        Path, describe("Where the logs of attempts and processes are kept.", in_home="{home}/logs")
    ]
    format: Annotated[
        Literal["text", "json"], describe("How Etesian's processes write their own log on standard error.")
    ] = "text"


class ApiSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The REST API and the status page."""

    host: Annotated[str, describe("Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, describe("Port to listen on; 0 takes a free one.", at_least=0, at_most=65535)] = 8080
    base_url: Annotated[
        str | None,
        describe("Where people reach the status page, for links in messages. None: the host and port above."),
    ] = None
    auth: Annotated[
        Literal["none"],
        describe("How callers prove who they are. `none` is accepted on a loopback address only."),
    ] = "none"
    page_limit: Annotated[
        int, describe("Items that one page of a list may hold.", unit="items", at_least=1, at_most=10_000)
    ] = 100
    max_body_mb: Annotated[
        int, describe("Size of the largest request that is read.", unit="MB", at_least=1, at_most=1024)
    ] = 4


class SecretsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where secrets come from and how they are encrypted."""

    fernet_keys: Annotated[
        Secret | None,
        describe(
            "Keys that encrypt connections and variables, the newest first, with commas. "
            "None: the key file is used."
        ),
    ] = None
    fernet_key_file: Annotated[
        Path,
        describe(
            "File of the key, made on first start, readable by its owner only.", in_home="{home}/fernet.key"
        ),
    ]
    backends: Annotated[
        tuple[str, ...],
        describe("Classes that are asked for connections and variables before the metadata database."),
    ] = ()
    backend_arguments: Annotated[
        Secret | None,
        describe("Their keyword arguments: a JSON object whose keys are the classes, as in `backends`."),
    ] = None


class SmtpSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The mail server of `EmailOperator` and of notifications."""

    host: Annotated[str, describe("Name of the mail server.")] = "localhost"
    port: Annotated[int, describe("Its port.", at_least=1, at_most=65535)] = 25
    user: Annotated[str | None, describe("User name for log-in.")] = None
    password: Annotated[Secret | None, describe("Password for log-in.")] = None
    mail_from: Annotated[str, describe("Sender address.")] = "etesian@localhost"
    starttls: Annotated[bool, describe("Switch to TLS after connecting.")] = False
    ssl: Annotated[bool, describe("Connect with TLS from the start.")] = False
    timeout_seconds: Annotated[
        float, describe("How long to wait for the server.", unit="seconds", at_least=0.1)
    ] = 30.0


class RetentionSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How long history is kept."""

    run_days: Annotated[
        float | None, describe("Finished runs older than this are deleted.", unit="days", at_least=0)
    ] = 365.0
    log_days: Annotated[
        float | None, describe("Logs of attempts older than this are deleted.", unit="days", at_least=0)
    ] = 90.0


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings of one process. ``config.load.load_settings`` makes it."""

    home: Path
    core: CoreSettings
    database: DatabaseSettings
    scheduler: SchedulerSettings
    parser: ParserSettings
    worker: WorkerSettings
    triggerer: TriggererSettings
    logging: LoggingSettings
    api: ApiSettings
    secrets: SecretsSettings
    smtp: SmtpSettings
    retention: RetentionSettings


#: Section name to its class, in the order of the settings page.
SECTIONS: dict[str, type[msgspec.Struct]] = {
    name: section for name, section in Settings.__annotations__.items() if name != "home"
}


def options_of(section: str) -> Iterator[OptionInfo]:
    """Yield the options of one section, as declared."""
    kind = SECTIONS[section]
    defaults = {field.name: field.default for field in msgspec.structs.fields(kind)}
    for key, annotation in kind.__annotations__.items():
        type_, meta = get_args(annotation)
        yield OptionInfo(section, key, type_, meta, defaults[key])


def find_option(section: str, key: str) -> OptionInfo:
    """Return one option.

    Raises:
        KeyError: there is none of that name.
    """
    for option in options_of(section):
        if option.key == key:
            return option
    raise KeyError(f"{section}.{key}")

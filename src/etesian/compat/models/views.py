"""Database models of Airflow that DAG files name. Rows cannot be read from user code here; each says what can."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, NoReturn

from etesian.compat.models.columns import ColumnMeta
from etesian.compat.models.session import NoDatabaseAccessError
from etesian.sdk.exceptions import AirflowException


class Model(metaclass=ColumnMeta):
    """A table of Airflow's database."""

    instead: ClassVar[str] = "the REST API under /api/v2"

    def __init__(self, *_: Any, **__: Any) -> None:
        refuse(type(self).__name__, self.instead)


def refuse(name: str, instead: str) -> NoReturn:
    """Say that a model cannot be used, and what can.

    Raises:
        NoDatabaseAccessError: always.
    """
    raise NoDatabaseAccessError(
        f"{name} is a table of Airflow's database; Etesian has none of it. Use {instead}"
    )


class DagModel(Model):
    """DAGs as stored."""

    instead = "GET /api/v2/dags"


class DagTag(Model):
    """Tags as stored."""


class Log(Model):
    """The audit log; cleaned by `etesian db clean`."""

    instead = "`etesian db clean`"


class SlaMiss(Model):
    """Missed deadlines."""


class TaskFail(Model):
    """Failed tries; kept as attempts."""


class TaskReschedule(Model):
    """Reschedules of sensors."""


class ImportError(Model):
    """Files that cannot be read."""

    instead = "`etesian dags list-import-errors`"


class RenderedTaskInstanceFields(Model):
    """Rendered template fields."""


class SerializedDagModel(Model):
    """Stored DAG specs."""


class Pool(Model):
    """Pools."""

    instead = "`etesian pools`"


class Job(Model):
    """Running services."""

    instead = "GET /api/v2/monitor/health"


class BaseJob(Job):
    """Running services, as they were called before Airflow 2.6."""


class Trigger(Model):
    """Waiting triggers."""

    instead = "the states of deferred tasks in `etesian tasks`"


class DagVersion(Model):
    """Versions of DAGs."""

    instead = "GET /api/v2/dags/{dag_id}/dagVersions"


class AssetEvent(Model):
    """Events of assets."""

    instead = "the inlet_events of a task's context, or GET /api/v2/assets/events"


def clear_task_instances(tis: Iterable[Any], *_: Any, **__: Any) -> NoReturn:
    """Refuse: a clear goes through the scheduler.

    Raises:
        AirflowException: always; says what to use.
    """
    raise AirflowException(
        "clear_task_instances cannot be called from user code; "
        "use `etesian tasks clear` or POST /api/v2/dags/{dag_id}/clearTaskInstances"
    )


def expand_alias_to_assets(*_: Any, **__: Any) -> NoReturn:
    """Refuse: which assets an alias stands for is known to the platform.

    Raises:
        NoDatabaseAccessError: always; says what to use.
    """
    refuse("AssetAliasModel", "the inlet_events of a task's context, or GET /api/v2/assets/aliases")

"""``airflow.settings``: values that DAG files read, and a session that refuses to be asked."""

from __future__ import annotations

import sys
from typing import Any, Final

from etesian.compat.models.session import Session, create_session
from etesian.compat.settings.configuration import AIRFLOW_HOME, conf
from etesian.compat.settings.local_settings import load_local_settings
from etesian.sdk.time.timezone import parse_timezone, utc

__all__ = ["AIRFLOW_HOME", "Session", "conf", "create_session"]

DAGS_FOLDER: Final = str(conf.get("core", "dags_folder"))
PLUGINS_FOLDER: Final = str(conf.get("core", "plugins_folder"))
TIMEZONE: Any = parse_timezone(str(conf.get("core", "default_timezone"))) or utc
SQL_ALCHEMY_CONN: Final = ""
AIRFLOW_MOVED_TABLE_PREFIX: Final = "_airflow_moved"
SASession = Session
LOGGING_LEVEL: Final = "INFO"
STATE_COLORS: Final[dict[str, str]] = {}
IS_K8S_OR_K8SCELERY_EXECUTOR: Final = False

PY36 = PY37 = PY38 = sys.version_info >= (3, 8)


def pod_mutation_hook(pod: Any) -> None:
    """Change pods before they are made; replaced by ``airflow_local_settings``."""


def task_policy(task: Any) -> None:
    """Change or refuse a task; replaced by ``airflow_local_settings``."""


def dag_policy(dag: Any) -> None:
    """Change or refuse a DAG; replaced by ``airflow_local_settings``."""


def task_instance_mutation_hook(task_instance: Any) -> None:
    """Change a task instance before it runs; replaced by ``airflow_local_settings``."""


def initialize(*_: Any, **__: Any) -> None:
    """Nothing is left to initialise."""


def configure_orm(*_: Any, **__: Any) -> None:
    """There is no database to connect this process to."""


globals().update(load_local_settings())

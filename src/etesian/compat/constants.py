"""Constants of Airflow's modules that DAG files and libraries import."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Final

from etesian.compat.settings.configuration import conf
from etesian.foundation.ids import MAX_KEY_LENGTH
from etesian.spec.trigger_rule import TriggerRule

ID_LEN: Final = MAX_KEY_LENGTH
CONN_ID_MAX_LEN: Final = MAX_KEY_LENGTH
TAG_MAX_LEN: Final = 100
MAX_XCOM_SIZE: Final = 49344  #: bytes; what Airflow 1 gave a database of MySQL
MAX_RETRY_DELAY: Final = 24 * 60 * 60  #: seconds
COLLATION_ARGS: Final[Mapping[str, str]] = {}
IS_WINDOWS: Final = sys.platform == "win32"
PY39: Final = sys.version_info >= (3, 9)
PY310: Final = sys.version_info >= (3, 10)
PY311: Final = sys.version_info >= (3, 11)
PY312: Final = sys.version_info >= (3, 12)

DEFAULT_OWNER: Final = str(conf.get("operators", "default_owner"))
DEFAULT_QUEUE: Final = str(conf.get("operators", "default_queue"))
DEFAULT_RETRIES: Final = int(conf.getint("core", "default_task_retries", fallback=0))
DEFAULT_POOL_NAME: Final = "default_pool"
DEFAULT_POOL_SLOTS: Final = 1
DEFAULT_PRIORITY_WEIGHT: Final = 1
DEFAULT_EXECUTOR: Final = None
DEFAULT_TASK_EXECUTION_TIMEOUT: Final = None
DEFAULT_TRIGGER_RULE: Final = TriggerRule.ALL_SUCCESS
DEFAULT_WEIGHT_RULE: Final = str(conf.get("core", "default_task_weight_rule"))
DEFAULT_IGNORE_FIRST_DEPENDS_ON_PAST: Final = True
DEFAULT_WAIT_FOR_PAST_DEPENDS_BEFORE_SKIPPING: Final = False

XCOM_SKIPMIXIN_KEY: Final = "skipmixin_key"
XCOM_SKIPMIXIN_SKIPPED: Final = "skipped"
XCOM_SKIPMIXIN_FOLLOWED: Final = "followed"
CONN_ENV_PREFIX: Final = "AIRFLOW_CONN_"
VAR_ENV_PREFIX: Final = "AIRFLOW_VAR_"
ENV_VAR_FORMAT_PREFIX: Final = "AIRFLOW_CTX_"
TRUE_LIKE_VALUES: Final = frozenset({"on", "t", "true", "y", "yes", "1"})
cron_presets: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
}

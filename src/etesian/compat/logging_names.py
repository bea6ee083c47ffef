"""``airflow.config_templates.airflow_local_settings``: the options of logging under the names that files import."""

from __future__ import annotations

from typing import Final

from etesian.compat.settings.configuration import conf

LOG_LEVEL: Final = str(conf.get("logging", "logging_level")).upper()
LOG_FORMAT: Final = str(conf.get("logging", "log_format"))
SIMPLE_LOG_FORMAT: Final = str(conf.get("logging", "simple_log_format"))
BASE_LOG_FOLDER: Final = str(conf.get("logging", "base_log_folder"))
REMOTE_LOGGING: Final = conf.getboolean("logging", "remote_logging")

"""Where people find this installation with a browser."""

from __future__ import annotations

import os
from typing import Final

#: Airflow's names are honoured, so that a deployment can move without renaming.
_OLD_VARIABLES: Final = ("AIRFLOW__API__BASE_URL", "AIRFLOW__WEBSERVER__BASE_URL")


def web_address() -> str:
    """Return the address that links in messages begin with, without a slash at its end.

    Raises:
        SettingsError: the settings cannot be read.
    """
    # Late: only tasks that write such a link need the settings.
    from etesian.config.load import load_settings

    api = load_settings(os.environ).api
    old = next((os.environ[name] for name in _OLD_VARIABLES if os.environ.get(name)), None)
    return (api.base_url or old or f"http://{api.host}:{api.port}").rstrip("/")

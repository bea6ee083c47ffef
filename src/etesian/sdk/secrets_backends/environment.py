"""Connections and variables from environment variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from etesian.sdk.secrets_backends.base import BaseSecretsBackend

#: Ours first; Airflow's names are honoured, so that a deployment can move without renaming.
CONNECTION_PREFIXES: Final = ("ETESIAN_CONN_", "AIRFLOW_CONN_")
VARIABLE_PREFIXES: Final = ("ETESIAN_VAR_", "AIRFLOW_VAR_")


class EnvironmentVariablesBackend(BaseSecretsBackend):
    """``ETESIAN_CONN_MY_DB`` is connection ``my_db``; ``ETESIAN_VAR_BUCKET`` is variable ``bucket``."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = os.environ if environment is None else environment

    def get_conn_value(self, conn_id: str) -> str | None:
        """Return a connection as a URI or as JSON, or None."""
        return self._first(CONNECTION_PREFIXES, conn_id)

    def get_variable(self, key: str) -> str | None:
        """Return a variable's text, or None."""
        return self._first(VARIABLE_PREFIXES, key)

    def _first(self, prefixes: tuple[str, ...], name: str) -> str | None:
        found = (self._environment.get(prefix + name.upper()) for prefix in prefixes)
        return next((value for value in found if value is not None), None)

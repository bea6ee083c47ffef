"""Which executors the settings may name; told apart without importing any."""

from __future__ import annotations

from typing import Final

from etesian.config.errors import SettingsError
from etesian.config.settings import Settings

EXECUTORS: Final = ("local",)


def check_executor(settings: Settings) -> None:
    """Make sure that the executor of the settings exists.

    Raises:
        SettingsError: it does not.
    """
    if settings.core.executor not in EXECUTORS:
        raise SettingsError(
            f"core.executor (ETESIAN__CORE__EXECUTOR) cannot be {settings.core.executor!r}; "
            f"possible: {', '.join(EXECUTORS)}"
        )

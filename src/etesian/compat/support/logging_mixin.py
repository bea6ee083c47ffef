"""``LoggingMixin``: a logger named after the class, as hooks and operators of provider packages expect."""

from __future__ import annotations

import logging


class LoggingMixin:
    """Gives a class the property ``log``."""

    _log: logging.Logger | None = None
    _log_config_logger_name: str | None = None
    _logger_name: str | None = None

    def __init__(self, context: object = None) -> None:
        super().__init__()

    @property
    def log(self) -> logging.Logger:
        """The logger, named after the class or as the class asks."""
        if self._log is None:
            self._log = logging.getLogger(self._name_of_logger())
        return self._log

    @property
    def logger(self) -> logging.Logger:
        """The same, under its name in Airflow 1."""
        return self.log

    def _name_of_logger(self) -> str:
        own = self._logger_name or f"{type(self).__module__}.{type(self).__qualname__}"
        return f"{self._log_config_logger_name}.{own}" if self._log_config_logger_name else own

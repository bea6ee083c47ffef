"""The settings: one frozen tree; each option is declared once, and read from environment, file or default."""

from etesian.config.errors import SettingsError
from etesian.config.load import load_settings
from etesian.config.settings import Settings

__all__ = ["Settings", "SettingsError", "load_settings"]

"""What can be wrong with settings."""

from __future__ import annotations

from etesian.foundation.errors import EtesianError


class SettingsError(EtesianError):
    """A setting is unknown or has a value that is not allowed; the text names its source."""

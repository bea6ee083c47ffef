"""What goes wrong when DAG files are fetched."""

from __future__ import annotations

from etesian.foundation.errors import EtesianError


class BundleError(EtesianError):
    """The files of a bundle cannot be fetched, or a version of it cannot be had."""

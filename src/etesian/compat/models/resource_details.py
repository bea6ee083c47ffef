"""What Airflow's server asks its auth manager about: providers import the classes, and nothing here uses them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class AssetDetails:
    """An asset, or all."""

    id: str | None = None


@dataclass
class AssetAliasDetails:
    """An asset alias, or all."""

    id: str | None = None

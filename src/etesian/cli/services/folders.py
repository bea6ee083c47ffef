"""Where DAG files lie: those that come with Etesian, and those of each bundle."""

from __future__ import annotations

from pathlib import Path

from etesian.bundles.versions import VersionFolders
from etesian.config.bundles import BundleOption
from etesian.config.settings import Settings


def examples_folder() -> Path:
    """Return the folder of the example DAGs."""
    return Path(__file__).resolve().parents[2] / "examples"


def bundle_folders(settings: Settings) -> dict[str, Path]:
    """Return where the newest DAG files of each bundle lie, by name.

    The examples are among them whether they are loaded or not: runs of them may be left.
    """
    described = {option.name: bundle_folder(settings, option) for option in settings.core.bundles}
    return {"dags": settings.core.dags_folder, "examples": examples_folder(), **described}


def bundle_folder(settings: Settings, option: BundleOption) -> Path:
    """Return where the newest DAG files of a bundle lie, or will lie once they are fetched."""
    if option.folder is not None:
        return option.folder
    if option.is_git:
        return version_folders(settings, option).current
    return bundle_root(settings, option) / "files"


def version_folders(settings: Settings, option: BundleOption) -> VersionFolders:
    """Return where the versions lie of a bundle that is a git repository."""
    return VersionFolders(bundle_root(settings, option), option.subfolder)


def bundle_root(settings: Settings, option: BundleOption) -> Path:
    """Return the folder that all lies in that is fetched for a bundle."""
    return settings.home / "bundles" / option.name

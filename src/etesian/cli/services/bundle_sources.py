"""From settings to what fetches the DAG files of a bundle."""

from __future__ import annotations

from functools import partial
from typing import Final

from etesian.bundles.git_source import GitSource
from etesian.bundles.object_source import ObjectSource
from etesian.bundles.source import BundleSource
from etesian.cli.services.folders import bundle_folder, bundle_root, version_folders
from etesian.cli.services.git_access import find_git_access
from etesian.config.bundles import BundleOption
from etesian.config.settings import Settings

_FETCH_SECONDS: Final = 300.0


def make_source(settings: Settings, option: BundleOption) -> BundleSource | None:
    """Return what fetches a bundle's files; None of a folder, which people fill."""
    if option.files is not None:
        return ObjectSource(
            bundle_folder(settings, option),
            option.files.reveal(),
            option.options,
            refresh_seconds=option.refresh_seconds,
        )
    if option.is_git:
        return GitSource(
            version_folders(settings, option),
            partial(find_git_access, option, bundle_root(settings, option)),
            ref=option.ref,
            refresh_seconds=option.refresh_seconds,
            timeout_seconds=_FETCH_SECONDS,
        )
    return None

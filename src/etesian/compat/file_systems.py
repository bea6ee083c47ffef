"""File systems of ``fsspec`` for the schemes of URLs: attached by hand, from provider packages, or fsspec's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from inspect import signature
from typing import Any, Final

from etesian.compat.providers.providers_manager import ProvidersManager
from etesian.sdk.exceptions import AirflowOptionalProviderFeatureException

_attached: Final[dict[tuple[str, str | None], Any]] = {}


def attach(protocol: str, conn_id: str | None = None, fs: Any = None, **_: Any) -> None:
    """Let paths of a scheme, and of a connection if one is given, use this file system in this process."""
    _attached[protocol, conn_id] = get_fs(protocol, conn_id) if fs is None else fs


def get_fs(scheme: str, conn_id: str | None = None, storage_options: Mapping[str, Any] | None = None) -> Any:
    """Return the file system of a scheme, which knows how to use the connection.

    Raises:
        AirflowOptionalProviderFeatureException: ``fsspec`` is not installed.
    """
    if (scheme, conn_id) in _attached:
        return _attached[scheme, conn_id]
    options = dict(storage_options or {})
    provided = _find_provided().get(scheme)
    if provided is None:
        return _make_plain(scheme, options)
    takes_options = len(signature(provided).parameters) > 1  # in Airflow 2.8 it took the connection alone
    return provided(conn_id, options) if takes_options else provided(conn_id)


def has_fs(scheme: str) -> bool:
    """Return whether there is a file system for a scheme."""
    return scheme == "file" or scheme in _find_provided() or any(scheme == known for known, _ in _attached)


@cache
def _find_provided() -> dict[str, Callable[..., Any]]:
    """Return what makes file systems in provider packages, by scheme; a module that cannot be imported has none."""
    found: dict[str, Callable[..., Any]] = {}
    for name in ProvidersManager().filesystem_module_names:
        try:
            module = import_module(name)
        except ImportError:
            continue
        found.update(dict.fromkeys(module.schemes, module.get_fs))
    return found


def _make_plain(scheme: str, options: Mapping[str, Any]) -> Any:
    try:
        fsspec = import_module("fsspec")  # an optional dependency
    except ImportError as error:
        raise AirflowOptionalProviderFeatureException(
            f"paths of {scheme}:// need the package fsspec, and its file system for {scheme!r}; install them"
        ) from error
    return fsspec.filesystem(scheme, **options)

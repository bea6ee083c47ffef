"""What to say of ``airflow`` modules and names that are not there: why, and what to use instead."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

#: Provider packages of two words begin with one of these: ``apache.hive``, ``microsoft.mssql``.
_FAMILIES: Final = frozenset({"apache", "atlassian", "cncf", "common", "dbt", "ibm", "microsoft"})

#: Parts of Airflow that have no counterpart, and what does their job here. The longest prefix counts.
_INSTEAD: Final[Mapping[str, str]] = {
    "airflow.www": "the page that `etesian api-server` serves",
    "airflow.api_connexion": "the REST API under /api/v2",
    "airflow.api_fastapi": "the REST API under /api/v2",
    "airflow.auth": "the sign-in settings of `etesian config list`",
    "airflow.cli": "the `etesian` command",
    "airflow.bin": "the `etesian` command",
    "airflow.executors": "etesian.executors, chosen with the setting core.executor",
    "airflow.jobs": "GET /api/v2/monitor/health",
    "airflow.migrations": "`etesian db`",
    "airflow.models": "the REST API under /api/v2",
    "airflow.serialization": "etesian.spec",
    "airflow.utils.db": "`etesian db`",
    "airflow.dag_processing": "`etesian parser`",
    "airflow.task": "etesian.sdk",
}


def explain_module(fullname: str) -> str:
    """Return what to say of a module that cannot be found."""
    parts = fullname.split(".")
    if parts[:2] == ["airflow", "providers"] and len(parts) > 2:
        return _explain_provider(fullname, provider_of(parts[2:]))
    return f"No module named {fullname!r} in Etesian's airflow{_instead(fullname)}"


def explain_name(module: str, name: str, known: list[str]) -> str:
    """Return what to say of a name that a module does not have."""
    close = get_close_matches(name, known, n=1, cutoff=0.8)
    hint = f"; did you mean {close[0]!r}?" if close else _instead(f"{module}.{name}")
    return f"Etesian's {module} has no {name!r}{hint}"


def provider_of(parts: list[str]) -> str:
    """Return the provider that has a module, by the parts of its name below ``airflow.providers``.

    >>> provider_of(["apache", "hive", "hooks"])
    'apache.hive'
    """
    if parts[0] in _FAMILIES and len(parts) > 1:
        return ".".join(parts[:2])
    return parts[0]


def _explain_provider(fullname: str, provider: str) -> str:
    return (
        f"No module named {fullname!r}: the provider {provider!r} is not installed, or this version of it has no "
        f"such module; install it with `etesian providers install {provider}`"
    )


def _instead(dotted: str) -> str:
    matches = [prefix for prefix in _INSTEAD if dotted == prefix or dotted.startswith(prefix + ".")]
    return f"; instead there is {_INSTEAD[max(matches, key=len)]}" if matches else ""

"""How a bundle's git repository lets us in: with the login or the key of a connection."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from etesian.bundles.errors import BundleError
from etesian.bundles.git_source import GitAccess
from etesian.config.bundles import BundleOption
from etesian.sdk.connections.connection import Connection
from etesian.sdk.exceptions import AirflowNotFoundException

#: git asks this for a login; the values are in the environment, which no list of processes shows.
_HELPER: Final = (
    '!f() { test "$1" = get && '
    'printf "username=%s\\npassword=%s\\n" "$ETESIAN_GIT_USER" "$ETESIAN_GIT_PASSWORD"; }; f'
)


def find_git_access(option: BundleOption, root: Path) -> GitAccess:
    """Return how to reach a bundle's repository, by its connection of now.

    Raises:
        BundleError: the connection is not defined, or has a key that cannot be used.
    """
    own_url = None if option.git is None else option.git.reveal()
    if option.connection is None:
        assert own_url is not None, "a bundle has one place"
        return GitAccess(own_url)
    try:
        connection = Connection.get(option.connection)
    except AirflowNotFoundException as error:
        raise BundleError(str(error)) from error
    url = own_url or connection.host
    if not url:
        raise BundleError(
            f"connection {option.connection!r} has no host, and the bundle no URL of a repository"
        )
    return GitAccess(url, _login(connection) | _key(connection, root))


def _login(connection: Connection) -> dict[str, str]:
    if not connection.password:
        return {}
    return {
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "credential.helper",
        "GIT_CONFIG_VALUE_0": "",  # those that the user has configured are not asked
        "GIT_CONFIG_KEY_1": "credential.helper",
        "GIT_CONFIG_VALUE_1": _HELPER,
        "ETESIAN_GIT_USER": connection.login or "user",
        "ETESIAN_GIT_PASSWORD": connection.password,
    }


def _key(connection: Connection, root: Path) -> dict[str, str]:
    extra = connection.extra_dejson
    if extra.get("private_key_passphrase"):
        raise BundleError(
            f"the key of connection {connection.conn_id!r} has a passphrase; "
            "use a deploy key without one, or ssh-agent"
        )
    file = extra.get("key_file") or _write_key(extra, root)
    identity = ["-i", str(file), "-o", "IdentitiesOnly=yes"] if file else []
    return {"GIT_SSH_COMMAND": shlex.join(["ssh", "-o", "BatchMode=yes", *identity, *_ssh_options(extra)])}


def _write_key(extra: Mapping[str, Any], root: Path) -> Path | None:
    text = extra.get("private_key")
    if not text:
        return None
    file = root / "key"
    root.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.chmod(0o600)
    file.write_text(str(text).rstrip("\n") + "\n", encoding="utf-8")
    return file


def _ssh_options(extra: Mapping[str, Any]) -> list[str]:
    checking = extra.get("strict_host_key_checking") or "accept-new"  # as Airflow's git provider has it
    told = {
        "StrictHostKeyChecking": checking,
        "UserKnownHostsFile": extra.get("known_hosts_file"),
        "ProxyCommand": extra.get("host_proxy_cmd"),
        "Port": extra.get("ssh_port"),
    }
    options = [part for name, value in told.items() if value for part in ("-o", f"{name}={value}")]
    config = extra.get("ssh_config_file")
    return [*options, *(["-F", str(config)] if config else [])]

"""Names of Kerberos principals, and their tickets: ``airflow.security``, for hooks of the Hadoop family."""

from __future__ import annotations

import socket
import subprocess

from etesian.compat.settings.configuration import conf
from etesian.sdk.exceptions import AirflowException


def get_components(principal: str) -> list[str] | None:
    """Return the parts of ``user/host@REALM``; None for an empty one."""
    return principal.replace("@", "/", 1).split("/") if principal else None


def get_hostname() -> str:
    """Return this machine's name."""
    return socket.getfqdn()


def get_fqdn(name_or_ip: str | None = None) -> str:
    """Return the full name of a machine, or of this one."""
    return (socket.gethostbyaddr(name_or_ip)[0] if name_or_ip else get_hostname()).lower()


def replace_hostname_pattern(components: list[str], host: str | None = None) -> str:
    """Return the principal of these parts, in which ``_HOST`` stands for the machine."""
    fqdn = host or get_fqdn()
    return f"{components[0]}/{fqdn.lower()}@{components[2]}"


def principal_from_username(username: str, realm: str) -> str:
    """Return the principal of a user; one that names its realm stays."""
    return username if "@" in username or not realm else f"{username}@{realm}"


def renew_from_kt(principal: str | None, keytab: str, exit_on_fail: bool = True) -> int:
    """Get a ticket with ``kinit``, and return its exit code.

    Raises:
        AirflowException: it failed, and ``exit_on_fail``.
    """
    name = principal or str(conf.get("kerberos", "principal", fallback="airflow"))
    cache = str(conf.get("kerberos", "ccache", fallback="/tmp/airflow_krb5_ccache"))
    done = subprocess.run(
        ["kinit", "-k", "-t", keytab, "-c", cache, name], capture_output=True, text=True, check=False
    )
    if done.returncode and exit_on_fail:
        raise AirflowException(
            f"kinit for {name} failed with exit code {done.returncode}: {done.stderr.strip()}"
        )
    return done.returncode

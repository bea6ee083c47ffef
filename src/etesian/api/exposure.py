"""Who may reach the API: where it may listen without authentication."""

from __future__ import annotations

from ipaddress import ip_address

from etesian.config import Settings, SettingsError


def is_loopback(host: str) -> bool:
    """Return whether ``host`` is an address that only this machine can reach.

    >>> [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "example.org")]
    [True, True, True, False, False]
    """
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def check_exposure(settings: Settings) -> None:
    """Refuse to serve everybody without asking who they are.

    Raises:
        SettingsError: ``api.auth`` is ``none`` and ``api.host`` is not a loopback address.
    """
    api = settings.api
    if api.auth == "none" and not is_loopback(api.host):
        raise SettingsError(
            f"api.host {api.host!r} can be reached from other machines, and api.auth 'none' lets everybody "
            "in; this is accepted on a loopback address only: set ETESIAN__API__HOST=127.0.0.1 "
            "and reach it through an SSH tunnel or a proxy that authenticates"
        )

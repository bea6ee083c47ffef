"""Which teams may produce and consume an asset, as authors write it."""

from __future__ import annotations

from collections.abc import Iterable

from etesian.sdk.exceptions import InvalidDagError


class AssetAccessControl:
    """Kept with its asset. An installation without teams has nobody to keep apart, and accepts all events.

    Raises:
        InvalidDagError: a team has no name.
    """

    def __init__(
        self,
        *,
        producer_teams: Iterable[str] = (),
        consumer_teams: Iterable[str] | None = None,
        allow_global: bool = True,
    ) -> None:
        self.producer_teams = _teams(producer_teams, "producer_teams")
        self.consumer_teams = None if consumer_teams is None else _teams(consumer_teams, "consumer_teams")
        self.allow_global = allow_global

    def __repr__(self) -> str:
        return (
            f"AssetAccessControl(producer_teams={self.producer_teams!r}, "
            f"consumer_teams={self.consumer_teams!r}, allow_global={self.allow_global!r})"
        )


def _teams(names: Iterable[str], what: str) -> list[str]:
    found = list(names)
    for name in found:
        if not isinstance(name, str) or not name.strip():
            raise InvalidDagError(f"{what} of an asset needs names of teams, got {name!r}")
    return found

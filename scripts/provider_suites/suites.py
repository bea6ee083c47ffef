"""Which suites are run, and which of their parts are left out and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

PREFIX: Final = "apache-airflow-providers-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """The unit tests of one provider."""

    provider: str
    #: Folders and files below ``tests/unit`` that test Airflow's own server, by why they are left out.
    left_out: Mapping[str, str]

    @property
    def distribution(self) -> str:
        """The name of the package that has the tests in its sdist."""
        return PREFIX + self.provider.replace(".", "-")


_SERVER = "runs inside Airflow's own server"

SUITES: Final = (
    *(
        Suite(provider=provider, left_out={})
        for provider in (
            "slack", "http", "imap", "smtp", "common.sql", "docker", "jenkins", "telegram", "discord", "opsgenie",
            "pagerduty", "hashicorp",
        )
    ),
    Suite(
        provider="amazon",
        left_out={
            "amazon/aws/auth_manager": _SERVER,
            "amazon/aws/executors": _SERVER,
        },
    ),
    Suite(provider="google", left_out={"google/common/auth_backend": _SERVER}),
)  # fmt: skip

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


_SERVER: Final = "runs inside Airflow's own server"
_LOGS: Final = "keeps the logs of Airflow's own server"
_BUNDLES: Final = "fetches files for Airflow's own DAG processor"

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
            "amazon/aws/bundles": _BUNDLES,
            "amazon/aws/cli": "adds commands to Airflow's own command line",
            "amazon/aws/executors": _SERVER,
            "amazon/aws/log": _LOGS,
            "amazon/aws/triggers/test_serialization.py": "stores triggers as Airflow's own database does",
        },
    ),
    Suite(
        provider="google",
        left_out={
            "google/cloud/bundles": _BUNDLES,
            "google/cloud/log": _LOGS,
            "google/common/auth_backend": _SERVER,
        },
    ),
)  # fmt: skip

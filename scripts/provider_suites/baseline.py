"""What passes under real Airflow with the same harness, as measured when the baseline was last written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from scripts.provider_suites.outcomes import Outcome, SuiteOutcomes

BASELINE_FILE: Final = Path(__file__).parent / "baseline.json"
#: How the harness says that it leaves a test out: it does so under both, so such tests need not be listed.
_LEFT_OUT: Final = (
    "Airflow's metadata database",
    "its supervisor",
    "a running service",
    "credentials of a cloud",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """One provider's suite under real Airflow."""

    version: str  #: of the provider
    airflow: str
    passed: int
    not_passed: tuple[str, ...]  #: tests, and files that cannot be imported

    def has_passed(self, test: str) -> bool:
        """Return whether a test that passes elsewhere passes under real Airflow, too."""
        return test not in self.not_passed and test.partition("::")[0] not in self.not_passed


def make_baseline(outcomes: SuiteOutcomes, airflow: str) -> Baseline:
    """Return what has to be kept of a run under real Airflow."""
    return Baseline(
        version=outcomes.version,
        airflow=airflow,
        passed=outcomes.count(Outcome.PASSED),
        not_passed=tuple(
            sorted(
                test
                for test, outcome in outcomes.outcomes.items()
                if outcome is not Outcome.PASSED
                and not any(reason in outcomes.messages.get(test, "") for reason in _LEFT_OUT)
            )
        ),
    )


def read_baselines(path: Path = BASELINE_FILE) -> dict[str, Baseline]:
    """Return the baselines by provider; none when the file is not there."""
    if not path.is_file():
        return {}
    read = json.loads(path.read_text(encoding="utf-8"))
    return {
        name: Baseline(**{**value, "not_passed": tuple(value["not_passed"])}) for name, value in read.items()
    }


def write_baselines(baselines: Mapping[str, Baseline], path: Path = BASELINE_FILE) -> None:
    """Write the baselines of all providers."""
    text = json.dumps({name: asdict(value) for name, value in sorted(baselines.items())}, indent=1)
    path.write_text(text + "\n", encoding="utf-8")

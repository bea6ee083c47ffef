"""What came of the tests of one suite."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Outcome(StrEnum):
    """What came of one test, or of the file that should have been collected."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"  #: the test's set-up or tear-down failed, or its file cannot be imported
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteOutcomes:
    """The outcomes of one provider's suite."""

    provider: str
    version: str
    outcomes: Mapping[str, Outcome]  #: by the test's address
    messages: Mapping[str, str]  #: of those that did not pass
    is_complete: bool = True  #: false when the time was over before the last test

    def count(self, outcome: Outcome) -> int:
        """Return how many tests came out so."""
        return Counter(self.outcomes.values())[outcome]

    @property
    def passed(self) -> frozenset[str]:
        """Addresses of the tests that passed."""
        return frozenset(test for test, outcome in self.outcomes.items() if outcome is Outcome.PASSED)


def read_outcomes(path: Path, *, provider: str, version: str, is_complete: bool) -> SuiteOutcomes:
    """Read what the plugin of the harness has written; a test with an error has only that outcome."""
    outcomes: dict[str, Outcome] = {}
    messages: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        record = json.loads(line)
        test, outcome = record["test"], Outcome(record["outcome"])
        if outcomes.get(test) is Outcome.ERROR:
            continue
        outcomes[test] = outcome
        if record["message"]:
            messages[test] = record["message"]
    return SuiteOutcomes(
        provider=provider, version=version, outcomes=outcomes, messages=messages, is_complete=is_complete
    )

"""What a check says: one finding per line of a file that will not run, or not as before."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Severity(StrEnum):
    """Whether a finding stops anything."""

    ERROR = "error"  #: the file cannot be imported, or a DAG of it cannot run
    WARNING = "warning"  #: it is imported; what it does at this line will fail or differ


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Finding:
    """One thing to change."""

    line: int
    severity: Severity
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """One file, imported and looked at."""

    path: Path
    dags: dict[str, int] = field(default_factory=dict)  #: DAG id to how many tasks it has
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_fine(self) -> bool:
        """Return whether everything in the file can run."""
        return all(finding.severity is not Severity.ERROR for finding in self.findings)

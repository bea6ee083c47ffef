"""What the shell can be told."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from etesian.scheduler.core.settings import CoreSettings
from etesian.scheduler.shell.housekeeping import Retention


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellSettings:
    """Settings of one scheduler process."""

    home: Path
    holder: str  #: names this process in the leader lease: host, pid and a random part
    core: CoreSettings
    lease: timedelta = timedelta(seconds=5)  #: a leader that does not renew for this long is replaced
    renew_interval: timedelta = timedelta(seconds=1)
    inbox_interval: timedelta = timedelta(
        seconds=1
    )  #: the inbox is looked at this often even if no bell rang
    max_commands_per_batch: int = 500
    retention: Retention = field(default_factory=Retention)

"""One measured figure with its budget, and how figures are shown and kept."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

RESULTS: Final = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table."""

    what: str
    value: float
    unit: str
    budget: float | None = None  #: None: shown for information
    is_floor: bool = False  #: the budget is a least value, not a greatest
    details: dict[str, Any] | None = None  #: what else was seen; kept in the JSON only

    @property
    def verdict(self) -> str:
        """Whether the budget is kept, in a word."""
        if self.budget is None:
            return ""
        kept = self.value >= self.budget if self.is_floor else self.value <= self.budget
        return "ok" if kept else "OVER"

    @property
    def budget_text(self) -> str:
        """The budget as it is shown."""
        sign = ">=" if self.is_floor else "<="
        return "" if self.budget is None else f"{sign} {number(self.budget)} {self.unit}"


def number(value: float) -> str:
    """Show a number with as many digits as mean something.

    >>> [number(value) for value in (0.1234, 12.34, 51234.0)]
    ['0.12', '12.3', '51,234']
    """
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}" if value == int(value) else f"{value:.2f}"


def print_table(figures: Sequence[Figure]) -> None:
    """Print all figures as one table."""
    table = Table("what", "budget", "measured", "", box=None, pad_edge=False)
    for figure in figures:
        measured = f"{number(figure.value)} {figure.unit}"
        table.add_row(figure.what, figure.budget_text, measured, figure.verdict)
    Console(width=None if sys.stdout.isatty() else 140).print(table)


def save(name: str, figures: Sequence[Figure]) -> Path:
    """Write the figures and the machine they are from to ``results/<name>.json``."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    body = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "python": platform.python_version(),
            "system": platform.platform(),
            "cores": os.cpu_count(),
            "load_before": os.getloadavg()[0],
        },
        "figures": [{**asdict(figure), "verdict": figure.verdict} for figure in figures],
    }
    path.write_text(json.dumps(body, indent=2) + "\n", encoding="utf-8")
    return path


def run_alone(name: str, measure: Callable[[], list[Figure]]) -> None:
    """What each benchmark does when it is started by itself."""
    figures = measure()
    print_table(figures)
    save(name, figures)

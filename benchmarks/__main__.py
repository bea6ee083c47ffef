"""``python -m benchmarks [NAME ...]``: run all benchmarks, or those named, and print one table."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from typing import Final

from benchmarks.figure import Figure, print_table, save

#: In the order of the table.
NAMES: Final = (
    "machine",
    "chain",
    "fan_out",
    "mapped",
    "sustained",
    "trigger",
    "scheduler_core",
    "worker",
    "large_dag",
    "start_up",
    "import_time",
    "many_files",
    "idle",
    "installation",
)


def main(names: list[str]) -> int:
    """Return the exit code: 0 if all could be measured, whatever the figures say."""
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        print(f"no benchmark is called {', '.join(unknown)}; there are: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    figures: list[Figure] = []
    failures: dict[str, str] = {}
    for name in names or NAMES:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        try:
            figures += import_module(f"benchmarks.{name}").measure()
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            failures[name] = str(error)
    print_table(figures)
    print(f"\nkept in {save('all' if not names else '-'.join(names), figures)}")
    for name, reason in failures.items():
        print(f"\n{name} could not be measured: {reason}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""What each example came to in Airflow, as measured with its scheduler and written down in ``states``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_STATES: Final = Path(__file__).parent / "states"
VERSIONS: Final = tuple(sorted(path.stem for path in _STATES.glob("*.json")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """The final states of one run of an example."""

    run: str
    tasks: Mapping[str, str]  #: with ``[index]`` behind the name of a mapped one
    by_chance: bool  #: which of its tasks run is drawn by lot, so that only their numbers can be compared
    conf: Mapping[str, Any]  #: what the run is given


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """The examples of one version of Airflow."""

    expected: Mapping[str, Expectation]  #: by dag_id
    left_out: Mapping[str, str]  #: why, by dag_id


def read_examples(version: str) -> Examples:
    """Return what is known of the examples of a version of Airflow."""
    read = json.loads((_STATES / f"{version}.json").read_text(encoding="utf-8"))
    expected = {dag_id: _expectation(**written) for dag_id, written in read["dags"].items()}
    return Examples(expected=expected, left_out=read["left_out"])


def _expectation(
    *,
    run: str,
    tasks: Mapping[str, list[str]],
    by_chance: bool = False,
    conf: Mapping[str, Any] | None = None,
) -> Expectation:
    """Return an expectation from its written form, in which each state has the list of its tasks."""
    by_task = {task: state for state, names in tasks.items() for task in names}
    return Expectation(run=run, tasks=by_task, by_chance=by_chance, conf=conf or {})


def find_differences(expected: Expectation, run: str, tasks: Mapping[str, str | None]) -> list[str]:
    """Return a line for each thing that a run came to and Airflow's did not."""
    found = [] if run == expected.run else [f"the run is {run}, in Airflow {expected.run}"]
    if expected.by_chance:
        here, there = Counter(tasks.values()), Counter(expected.tasks.values())
        return found if here == there else [*found, f"{_counted(here)}; in Airflow {_counted(there)}"]
    for task in sorted({*tasks, *expected.tasks}):
        ours, theirs = tasks.get(task, "not there"), expected.tasks.get(task, "not there")
        if ours != theirs:
            found.append(f"{task} is {ours}, in Airflow {theirs}")
    return found


def _counted(states: Mapping[Any, int]) -> str:
    return ", ".join(f"{count} {state}" for state, count in sorted(states.items(), key=str))

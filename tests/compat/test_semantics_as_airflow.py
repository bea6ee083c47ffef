"""DAGs come to what they come to in Airflow: measured with the real ones, 2.10.5 and 3.3.2, and written down.

The DAGs are in ``semantics/dags.py``. Each was run by Airflow's ``dag.test()`` for 12:30 on 5 March 2026; states of
runs and task instances, data intervals and returned values are in ``semantics/airflow_*.json``. Where we differ, the
difference is in ``OURS``, with its reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from etesian.compat import install, is_installed, uninstall
from etesian.sdk import era
from etesian.testing import DagFolder, load_dags, run_dag

FOLDER: Final = Path(__file__).parent / "semantics"
DATE: Final = "2026-03-05T12:30+00:00"
ERAS: Final = {"airflow_2_10": era.AIRFLOW_2, "airflow_3_3": era.NATIVE}
MEASURED: Final[dict[str, dict[str, Any]]] = {
    version: json.loads((FOLDER / f"{version}.json").read_text()) for version in ERAS
}
CASES: Final = [(version, dag_id) for version, measured in MEASURED.items() for dag_id in measured]

#: What a skipped and a failed task above come to is decided by the one that ends first. Here it is the failure:
#: tasks below it are given up at once. Airflow's ``dag.test()`` looks only after a whole round of tasks.
_FIRST_COUNTS: Final = {
    "tasks": {"all_success__ku": "upstream_failed", "all_success__sku": "upstream_failed"}
}
#: In Airflow 3, a task that skips others does not return its choice. In Airflow 2 it does, and files read it.
_CHOICES: Final = {
    "branch": {"returned": {"choose": "a"}},
    "branch_several": {"returned": {"choose": ["a", "b"]}},
    "branch_to_group": {"returned": {"choose": "chosen"}},
    "branch_to_join": {"returned": {"choose": "join"}},
    "short_circuit": {"returned": {"stop": False}},
    "short_circuit_direct": {"returned": {"stop": False}},
}
OURS: Final[dict[str, dict[str, Any]]] = {
    "airflow_3_3": {
        **_CHOICES,
        "rules": _FIRST_COUNTS,
        # In Airflow 3, a default counts only when no task is named; in Airflow 2, always.
        "xcoms": {"returned": {"pull": {"default": "d"}}},
        # Text of the enumeration's member, which files written for Airflow 2 do not expect.
        "params": {"returned": {"shown": {"run_type": "manual"}}},
    },
    "airflow_2_10": {
        "rules": _FIRST_COUNTS,
        # In Airflow 2, the values of a mapped task without instances are None; since 3 they are an empty list.
        "mapped_empty": {"run": "success", "tasks": {"after_all": "success"}, "returned": {"after_all": []}},
        # In Airflow 2, `one_failed` within a mapped group looks at all instances; since 3 at those of its index.
        "mapped_group": {
            "tasks": {"steps.alarm[0]": "skipped", "steps.alarm[2]": "skipped"},
            "returned": {"steps.alarm[0]": None, "steps.alarm[2]": None},
        },
        # In Airflow 2, tasks without a value are left out of the list; since 3 they give None.
        "xcoms": {"returned": {"pull": {"list": [{"one": 1, "two": [2]}, None]}}},
    },
}


@pytest.fixture(scope="module")
def dags() -> Iterator[dict[str, DagFolder]]:
    """The DAGs, imported as files of each era."""
    was_installed = is_installed()
    install()
    with pytest.MonkeyPatch.context() as patch:
        loaded = {}
        for version, its_era in ERAS.items():
            patch.setattr(era, "_choose", lambda _path, its_era=its_era: its_era)
            loaded[version] = load_dags(FOLDER / "dags.py").check()
        yield loaded
    if not was_installed:
        uninstall()


@pytest.mark.parametrize(("version", "dag_id"), CASES)
def test_a_dag_comes_to_what_it_comes_to_in_airflow(
    dags: Mapping[str, DagFolder], version: str, dag_id: str
) -> None:
    conf = {"name": "given"} if dag_id == "params" else {}
    run = run_dag(dags[version][dag_id], logical_date=DATE, conf=conf)
    expected = merge(MEASURED[version][dag_id], OURS[version].get(dag_id, {}))
    came_to: dict[str, Any] = {
        "run": str(run.state),
        "interval": [str(run.record.data_interval_start), str(run.record.data_interval_end)],
        "tasks": run.states,
        "returned": {
            label: plain(task.xcom) for label, task in run.tasks.items() if "return_value" in task.xcoms
        },
    }
    if "tries" in expected:
        came_to["tries"] = {label: task.try_number for label, task in run.tasks.items()}
    assert came_to == expected


#: What keys of Airflow 2 say of a run that the schedule made: (DAG, logical date, previous date, next date).
NEIGHBOURS: Final = [
    ("old_dates_daily", "2026-03-02 00:00", "2026-03-01 00:00", "2026-03-03 00:00"),
    ("old_dates_hourly", "2026-03-02 00:00", "2026-03-01 23:00", "2026-03-02 01:00"),
    ("old_dates_weekly", "2026-03-01 00:00", "2026-02-22 00:00", "2026-03-08 00:00"),
    ("old_dates_monthly", "2026-03-01 00:00", "2026-02-01 00:00", "2026-04-01 00:00"),
    ("old_dates_cron", "2026-03-02 06:30", "2026-02-27 06:30", "2026-03-03 06:30"),
    ("old_dates_delta", "2026-03-02 00:00", "2026-03-01 16:00", "2026-03-02 08:00"),
]


@pytest.mark.parametrize(("dag_id", "date", "before", "after"), NEIGHBOURS)
def test_a_scheduled_run_knows_its_neighbours_as_in_airflow_2(
    dags: Mapping[str, DagFolder], dag_id: str, date: str, before: str, after: str
) -> None:
    run = run_dag(dags["airflow_2_10"][dag_id], logical_date=date, run_type="scheduled")
    shown = run.task("dates").xcom
    assert shown["execution_date"] == f"{date}:00+00:00"
    assert (shown["prev_execution_date"], shown["next_execution_date"]) == (
        f"{before}:00+00:00",
        f"{after}:00+00:00",
    )
    assert (shown["prev_ds"], shown["next_ds"]) == (before[:10], after[:10])


def merge(measured: Any, ours: Any) -> Any:
    """Return ``measured`` with our differences put over it; None takes a key away."""
    if not isinstance(measured, dict) or not isinstance(ours, dict):
        return ours
    merged = {**measured, **{key: merge(measured.get(key, {}), value) for key, value in ours.items()}}
    return {key: value for key, value in merged.items() if not (key in ours and value is None)}


def plain(value: Any) -> Any:
    """Return a value as JSON would keep it, without the run's name, which tells the moment of the test."""
    kept: Any = json.loads(json.dumps(value))
    if isinstance(kept, dict):
        kept.pop("run_id", None)
    return kept

"""Run the example DAGs that a version of Airflow ships, and compare what they come to with Airflow.

    python -m scripts.airflow_examples 2.10.5 [--wheels FOLDER] [DAG_ID...]

Run it with the interpreter of an environment that has Etesian, its dependencies for tests, and the providers http and
standard. It fetches the wheel with pip unless it lies in FOLDER, and starts a whole platform of its own.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path

from etesian.foundation.clock import utc_now
from scripts.airflow_examples.expectations import VERSIONS, Examples, find_differences, read_examples
from scripts.airflow_examples.wheels import WheelError, unpack_examples
from tests.e2e.harness import FINAL_RUN_STATES, PlatformError, Standalone, running_standalone
from tests.servers.web import Request, Response, running_web_server

_WITHIN_SECONDS = 600


def main() -> int:
    """Run what the command line asks for; the exit code says whether all is as in Airflow."""
    options = _parse()
    examples = read_examples(options.version)
    chosen = options.dag_ids or list(examples.expected)
    if unknown := sorted(set(chosen) - set(examples.expected)):
        print(f"not among the examples that are compared: {', '.join(unknown)}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="airflow-examples-") as name:
        home = Path(name)
        try:
            unpack_examples(options.version, options.wheels or home, home / "dags")
        except WheelError as error:
            print(error, file=sys.stderr)
            return 2
        differences = run_examples(home, examples, chosen)
    for dag_id, found in differences.items():
        print(f"{dag_id}: {'; '.join(found)}")
    for dag_id, why in examples.left_out.items():
        print(f"left out: {dag_id}: {why}")
    print(
        f"{len(chosen) - len(differences)} of {len(chosen)} DAGs come to what they come to in Airflow {options.version}"
    )
    return 1 if differences else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("version", choices=VERSIONS)
    parser.add_argument("dag_ids", nargs="*", help="some only")
    parser.add_argument("--wheels", type=Path, help="where Airflow's wheel lies; by default nowhere")
    return parser.parse_args()


def run_examples(home: Path, examples: Examples, chosen: Iterable[str]) -> dict[str, list[str]]:
    """Run examples, all of one date; return what is not as in Airflow, by DAG."""
    with running_web_server(_echo) as web:
        settings = {
            "ETESIAN__CORE__DAGS_FOLDER": str(home / "dags"),
            "AIRFLOW_CONN_HTTP_DEFAULT": web.url,
            "AIRFLOW_CONN_FS_DEFAULT": "fs:///",
        }
        with running_standalone(home / "home", settings=settings) as platform:
            missing, run_ids = _trigger(platform, examples, chosen)
            return missing | _compare(platform, examples, run_ids)


def _trigger(
    platform: Standalone, examples: Examples, chosen: Iterable[str]
) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Start one run of each DAG; return what is wrong with those that cannot, and the run_ids of the others."""
    date = (utc_now() - timedelta(minutes=30)).isoformat()
    missing: dict[str, list[str]] = {}
    run_ids: dict[str, str] = {}
    for dag_id in chosen:
        try:
            platform.wait_for_dag(dag_id, within=60)
            platform.unpause(dag_id)
            body = {"logical_date": date, "conf": examples.expected[dag_id].conf}
            run_ids[dag_id] = platform.ask("POST", f"/dags/{dag_id}/dagRuns", json=body)["dag_run_id"]
        except PlatformError as error:
            missing[dag_id] = [str(error).partition("\n")[0]]
    return missing, run_ids


def _compare(platform: Standalone, examples: Examples, run_ids: Mapping[str, str]) -> dict[str, list[str]]:
    end = time.monotonic() + _WITHIN_SECONDS  # of the whole: examples wait for each other
    differences: dict[str, list[str]] = {}
    for dag_id, run_id in run_ids.items():
        while (state := platform.run(dag_id, run_id)["state"]) not in FINAL_RUN_STATES:
            if time.monotonic() > end:
                break
            time.sleep(0.5)
        tasks = {
            item["task_id"] + (f"[{item['map_index']}]" if item["map_index"] >= 0 else ""): item["state"]
            for item in platform.task_instances(dag_id, run_id)
        }
        found = find_differences(examples.expected[dag_id], state, tasks)
        if found:
            differences[dag_id] = found
    return differences


def _echo(request: Request) -> Response:
    """Answer as the service does that the examples of HTTP were written for: with what was asked."""
    is_json = "json" in request.headers.get("content-type", "") and request.body
    body = {"url": f"httpbin{request.path}", "args": request.query, "json": request.json if is_json else None}
    return Response(body=body)


if __name__ == "__main__":
    sys.exit(main())

"""How long a child of the parser takes for DAG files of one spelling: run alone, it prints milliseconds as JSON.

``python -m benchmarks.parse_in_child ROUNDS`` reads DAG files from a folder of its own, each in a fork of a process
that is warmed up as the parser's nursery is: the wall-clock times by spelling.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from etesian.parser.child import describe_dag
from etesian.parser.nursery import preload
from etesian.parser.settings import DEFAULT_PRELOAD
from etesian.parser.warm_up import warm_up
from etesian.sdk.dags.dag_loading import load_file

_HEADS: Final = {
    "etesian": (
        "from etesian import DAG\nfrom etesian.operators.python import PythonOperator\n"
        "from etesian.operators.bash import BashOperator\n"
    ),
    "airflow": (
        "from airflow import DAG\nfrom airflow.operators.python import PythonOperator\n"
        "from airflow.operators.bash import BashOperator\n"
    ),
}
_BODY: Final = """
from datetime import datetime
with DAG("parsed", schedule="@daily", start_date=datetime(2030, 1, 1)):
    BashOperator(task_id="a", bash_command="true") >> PythonOperator(task_id="b", python_callable=print)
"""


def main() -> None:
    """Print the times."""
    preload(DEFAULT_PRELOAD)
    warm_up()
    gc.collect()
    gc.freeze()
    with tempfile.TemporaryDirectory() as folder:
        times = {}
        for name, head in _HEADS.items():
            path = Path(folder) / f"{name}.py"
            path.write_text(head + _BODY, encoding="utf-8")
            times[name] = [_time_in_child(path) for _ in range(int(sys.argv[1]))]
    print(json.dumps(times))


def _time_in_child(path: Path) -> float:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        began = time.perf_counter()
        loaded = load_file(path, dags_folder=path.parent)
        for dag in loaded.dags.values():
            describe_dag(dag, loaded.file)
        os.write(writer, str((time.perf_counter() - began) * 1000).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        taken = float(stream.read())
    os.waitpid(child, 0)
    return taken


if __name__ == "__main__":
    main()

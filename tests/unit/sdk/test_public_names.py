from __future__ import annotations

import subprocess
import sys

import pytest

import etesian


def test_every_public_name_can_be_imported() -> None:
    missing = [name for name in etesian.__all__ if getattr(etesian, name, None) is None]
    assert missing == []
    assert dir(etesian) == sorted(etesian.__all__)


def test_a_name_that_does_not_exist_says_which_do() -> None:
    with pytest.raises(AttributeError, match="module 'etesian' has no attribute 'Dag'; it has DAG, Asset"):
        etesian.Dag  # noqa: B018


#: heavy to import, and not needed to read a DAG file
HEAVY = ("pendulum", "jinja2", "asyncio", "sqlalchemy", "httpx", "dateutil", "cryptography", "difflib")


def test_reading_a_dag_file_imports_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from datetime import datetime\n"
        "from etesian import DAG, task, task_group, Label, Param, Asset\n"
        "with DAG('d', schedule='@daily', start_date=datetime(2030, 1, 1), params={'n': Param(1)}):\n"
        "    task(task_id='t')(lambda: 1)()\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert answer.stdout.strip() == "[]"

"""What it costs to import what DAG files and task processes import: few modules, little time."""

from __future__ import annotations

import os
import subprocess
import sys
from time import perf_counter

import pytest

#: Libraries that have no place in a DAG file's process unless the file itself asks for them.
HEAVY = frozenset(
    {
        "alembic",
        "asyncio",
        "celery",
        "click",
        "cryptography",
        "fastapi",
        "httpx",
        "jinja2",
        "kubernetes",
        "psycopg",
        "pydantic",
        "requests",
        "rich",
        "sqlalchemy",
        "starlette",
        "uvicorn",
        "watchfiles",
    }
)
#: Budget of the design: 100 ms above bare Python, which takes 8 to 11 ms. Twice that, for a loaded machine.
MAX_RATIO = 20


def run_python(code: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=True
    ).stdout


def loaded_by(code: str) -> set[str]:
    return {name.partition(".")[0] for name in run_python(f"{code}; import sys; print(*sys.modules)").split()}


@pytest.mark.parametrize(
    "code",
    [
        "import etesian",
        "import etesian.sdk",
        "from etesian import DAG, dag, task",
        "import etesian.sdk.runtime, etesian.protocol.channels",
    ],
)
def test_authoring_loads_nothing_heavy(code: str) -> None:
    assert loaded_by(code) & HEAVY == set()


def test_the_command_line_loads_nothing_heavy_for_its_help() -> None:
    assert loaded_by("import etesian.cli.main") & (HEAVY - {"click"}) == set()


def seconds_of(code: str) -> float:
    start = perf_counter()
    run_python(code)
    return perf_counter() - start


def test_importing_the_authoring_names_is_quick() -> None:
    bare, with_names = "pass", "from etesian import DAG, dag, task"
    seconds_of(with_names)  # compiles what is not compiled yet
    fastest_bare = min(seconds_of(bare) for _ in range(5))
    fastest = min(seconds_of(with_names) for _ in range(5))
    assert fastest < fastest_bare * MAX_RATIO

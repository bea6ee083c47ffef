"""Which Airflow the tests run on: ``AIRFLOW_V_3_1_PLUS`` is true from 3.1 on."""

from __future__ import annotations

from functools import cache

_PREFIX = "AIRFLOW_V_"


@cache
def get_base_airflow_version_tuple() -> tuple[int, int, int]:
    """Return the first three numbers of the version."""
    import airflow  # late: which airflow it is has to be settled before

    major, minor, patch = airflow.__version__.split("+")[0].split(".")[:3]
    return int(major), int(minor), int(patch)


def __getattr__(name: str) -> bool:
    if not name.startswith(_PREFIX):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    is_minimum = name.endswith("_PLUS")
    numbers = tuple(int(part) for part in name.removeprefix(_PREFIX).removesuffix("_PLUS").split("_"))
    current = get_base_airflow_version_tuple()
    return current >= numbers if is_minimum else current == numbers

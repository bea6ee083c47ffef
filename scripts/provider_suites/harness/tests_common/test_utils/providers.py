"""What an installed provider says of itself."""

from __future__ import annotations

from importlib.metadata import requires

from packaging.requirements import Requirement


def get_provider_min_airflow_version(distribution: str) -> tuple[int, ...]:
    """Return the lowest version of Airflow that a provider accepts."""
    for line in requires(distribution) or ():
        requirement = Requirement(line)
        if requirement.name == "apache-airflow":
            lowest = next(part.version for part in requirement.specifier if part.operator == ">=")
            return tuple(int(number) for number in lowest.split("."))
    raise LookupError(f"{distribution} does not say which apache-airflow it needs")

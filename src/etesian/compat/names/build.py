"""Writing tables briefly: which names one of our modules gives, and old homes of the same names."""

from __future__ import annotations


def names(module: str, *attributes: str, **renamed: str) -> dict[str, str]:
    """Return a table of ``module``'s attributes; ``renamed`` maps an Airflow name to another attribute.

    >>> names("etesian.sdk.dags.dag", "DAG", Dag="DAG")
    {'DAG': 'etesian.sdk.dags.dag:DAG', 'Dag': 'etesian.sdk.dags.dag:DAG'}
    """
    same = {name: f"{module}:{name}" for name in attributes}
    return same | {name: f"{module}:{attribute}" for name, attribute in renamed.items()}

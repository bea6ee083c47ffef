"""``SimpleHttpOperator``, as it was called before it could do more."""

from __future__ import annotations

from airflow.providers.http.operators.http import HttpOperator


class SimpleHttpOperator(HttpOperator):
    """``HttpOperator`` under its older name."""

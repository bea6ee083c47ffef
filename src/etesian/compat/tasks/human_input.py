"""How Airflow's tasks and triggers ask a person. Ours ask with ``HITLOperator``, which the answer resumes."""

from __future__ import annotations

from typing import Any, NoReturn, TypedDict

from etesian.sdk.exceptions import AirflowException

__all__ = [
    "HITLUser",
    "get_hitl_detail_content_detail",
    "update_hitl_detail_response",
    "upsert_hitl_detail",
]


class HITLUser(TypedDict):
    """Someone who may answer."""

    id: str
    name: str


def _refuse(name: str) -> NoReturn:
    raise AirflowException(
        f"{name} keeps questions in Airflow's database; ask with HITLOperator, ApprovalOperator or HITLEntryOperator "
        "in a task of its own"
    )


def upsert_hitl_detail(*args: Any, **kwargs: Any) -> NoReturn:
    """Refuse to ask from within a task of another kind.

    Raises:
        AirflowException: always; says what to use.
    """
    _refuse("upsert_hitl_detail")


def update_hitl_detail_response(*args: Any, **kwargs: Any) -> NoReturn:
    """Refuse to answer from a trigger.

    Raises:
        AirflowException: always; says what to use.
    """
    _refuse("update_hitl_detail_response")


def get_hitl_detail_content_detail(*args: Any, **kwargs: Any) -> NoReturn:
    """Refuse to look for an answer from a trigger.

    Raises:
        AirflowException: always; says what to use.
    """
    _refuse("get_hitl_detail_content_detail")

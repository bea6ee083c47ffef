"""``XCom`` as a class: values of other tasks, asked through the platform, and how values are written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from etesian.compat.models.columns import ColumnMeta
from etesian.protocol.requests import GetXCom, PushXCom, XComItems
from etesian.sdk.exceptions import AirflowException
from etesian.sdk.runtime import current_platform
from etesian.sdk.xcoms.xcom import deserialize, serialize, to_xcom_value
from etesian.sdk.xcoms.xcom_arg import RETURN_VALUE_KEY
from etesian.sdk.xcoms.xcom_backend import read_xcom

XCOM_RETURN_KEY: Final = RETURN_VALUE_KEY
#: What mapped tasks give; a plain sequence here.
LazyXComAccess = Sequence


class BaseXCom(metaclass=ColumnMeta):
    """Values that tasks left for others."""

    XCOM_RETURN_KEY = XCOM_RETURN_KEY

    @classmethod
    def get_one(
        cls, *, key: str, dag_id: str, task_id: str, run_id: str, map_index: int | None = None, **_: Any
    ) -> Any:
        """Return one value; None when there is none."""
        found = cls._ask(key, dag_id, task_id, run_id, map_index)
        return read_xcom(found.items[0].value) if found.items else None

    @classmethod
    def get_value(cls, *, ti_key: Any, key: str, **_: Any) -> Any:  # Any: a key of any era
        """Return one value of the task instance of a key; None when there is none."""
        place = {"dag_id": ti_key.dag_id, "task_id": ti_key.task_id, "run_id": ti_key.run_id}
        return cls.get_one(key=key, map_index=ti_key.map_index, **place)

    @classmethod
    def get_all(cls, *, key: str, dag_id: str, task_id: str, run_id: str, **_: Any) -> list[Any]:
        """Return the values of all map indexes, in their order."""
        return [read_xcom(item.value) for item in cls._ask(key, dag_id, task_id, run_id, None).items]

    @classmethod
    def set(
        cls, key: str, value: Any, *, dag_id: str, task_id: str, run_id: str, map_index: int = -1, **_: Any
    ) -> None:
        """Leave a value."""
        current_platform().ask(
            PushXCom(
                attempt_id="",
                dag_id=dag_id,
                run_id=run_id,
                task_id=task_id,
                map_index=map_index,
                value=to_xcom_value(key, value, f"XCom {key!r}"),
            )
        )

    @staticmethod
    def serialize_value(value: Any, **_: Any) -> Any:
        """Return a value as it is stored."""
        return serialize(value)

    @staticmethod
    def deserialize_value(result: Any) -> Any:
        """Return what ``serialize_value`` wrote."""
        return deserialize(getattr(result, "value", result))

    @staticmethod
    def _ask(key: str, dag_id: str, task_id: str, run_id: str, map_index: int | None) -> XComItems:
        indexes = None if map_index is None else (map_index,)
        request = GetXCom(dag_id=dag_id, run_id=run_id, task_ids=(task_id,), key=key, map_indexes=indexes)
        answer = current_platform().ask(request)
        if not isinstance(answer, XComItems):
            raise AirflowException(f"XCom {key!r} of task {task_id!r} cannot be read: {answer}")
        return answer


XCom = BaseXCom

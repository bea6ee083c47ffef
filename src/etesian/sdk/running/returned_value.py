"""What a task returns: the XComs that it becomes, and whether the tasks that are mapped over it can be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from etesian.protocol.reports import XComValue
from etesian.sdk.exceptions import AirflowException, UnmappableXComTypePushed, XComForMappingNotPushed
from etesian.sdk.running.task_instance import TaskInstance
from etesian.sdk.xcoms.xcom_arg import NOTSET, RETURN_VALUE_KEY
from etesian.sdk.xcoms.xcom_backend import write_xcom
from etesian.spec.task import XComInput


def xcoms_of(operator: Any, result: Any, ti: TaskInstance) -> tuple[XComValue, ...]:
    """Return what a task's return value puts into XCom.

    Raises:
        AirflowException: the task has several outputs but did not return them as a dict with text keys.
        XComSerializationError: the value cannot be written.
        XComForMappingNotPushed: a task is mapped over the value, and there is none.
        UnmappableXComTypePushed: a task is mapped over the value, and it has no elements.
    """
    if not operator.do_xcom_push or result is None:
        _check_pushed_by_hand(operator, ti)
        return ()
    what = f"the return value of task {ti.dag_id}.{ti.task_id}"
    values = _outputs_of(what, result, ti) if operator.multiple_outputs else []
    whole = write_xcom(RETURN_VALUE_KEY, result, what, ti)
    if whole.length is None and (mapped := _mapped_over(operator, ti)):
        raise UnmappableXComTypePushed(
            f"{what} is of type {type(result).__name__}; {mapped!r} is mapped over it, which takes a list or a dict"
        )
    return (*values, whole)


def _outputs_of(what: str, result: Any, ti: TaskInstance) -> list[XComValue]:
    if not isinstance(result, Mapping):
        raise AirflowException(
            f"{what} must be a dict, because the task has multiple outputs; got {type(result).__name__}"
        )
    for key in result:
        if not isinstance(key, str):
            raise AirflowException(
                f"{what} must have text keys, because the task has multiple outputs; got {key!r}"
            )
    return [write_xcom(key, value, f"{what}, output {key!r},", ti) for key, value in result.items()]


def _check_pushed_by_hand(operator: Any, ti: TaskInstance) -> None:
    """A list that the task pushed by itself serves as well."""
    mapped = _mapped_over(operator, ti)
    if mapped is None or ti.xcom_pull(task_ids=ti.task_id, default=NOTSET) is not NOTSET:
        return
    raise XComForMappingNotPushed(
        f"task {ti.dag_id}.{ti.task_id} returned nothing; {mapped!r} is mapped over what it returns"
    )


def _mapped_over(operator: Any, ti: TaskInstance) -> str | None:
    """Return the name of a task or group that is mapped over what this task returns; None: there is none.

    Of a task that is mapped itself, the values of all instances are mapped over, whatever they are.
    """
    if ti.map_index >= 0 or not operator.has_dag():
        return None
    for name, expand_input in _mapped_below(operator):
        for source in expand_input.map_spec().inputs.values():
            if isinstance(source, XComInput) and operator.task_id in source.task_ids:
                return name
    return None


def _mapped_below(operator: Any) -> Iterator[tuple[str, Any]]:
    """Yield what is mapped among the tasks below, with what it is mapped over."""
    for task in operator.downstream_list:
        if task.is_directly_mapped:
            yield task.task_id, task.expand_input
        if task.mapped_group is not None:
            yield task.mapped_group.group_id, task.mapped_group.expand_input

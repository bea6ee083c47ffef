"""How XComs are written and read: as JSON, or by a class of the installation's own (``core.xcom_backend``).

Such a class has ``serialize_value(value, *, key, task_id, dag_id, run_id, map_index)``, which returns what is stored as
JSON text, and ``deserialize_value(result)``, which returns the value of ``result.value``. It may keep large values
elsewhere and store where they are. Provider packages have some.
"""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any, Final, Protocol

from etesian.foundation.errors import EtesianError
from etesian.protocol.reports import XComValue
from etesian.sdk.defaults import authoring_defaults
from etesian.sdk.xcoms.xcom import deserialize, length_of, serialize, to_xcom_value

#: Airflow's own class, which settings may name: it writes plain JSON.
_PLAIN: Final = ".BaseXCom"


class XComBackendError(EtesianError):
    """The class that the settings name cannot be used."""


class Place(Protocol):
    """The task instance that a value comes from."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int


def find_backend() -> Any | None:  # Any: a class with the two methods
    """Return the class that the settings name; None for plain JSON.

    Raises:
        XComBackendError: there is no such class, or it lacks a method.
    """
    class_path = authoring_defaults().xcom_backend
    if class_path is None or class_path.endswith(_PLAIN):
        return None
    module, _, name = class_path.replace(":", ".").rpartition(".")
    try:
        backend = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise XComBackendError(f"core.xcom_backend {class_path!r} cannot be imported: {error}") from error
    for method in ("serialize_value", "deserialize_value"):
        if not callable(getattr(backend, method, None)):
            raise XComBackendError(f"core.xcom_backend {class_path!r} has no {method}()")
    return backend


def write_xcom(key: str, value: Any, what: str, place: Place) -> XComValue:
    """Return a value as it is sent and stored.

    Raises:
        XComSerializationError: it cannot be written.
    """
    backend = find_backend()
    if backend is None:
        return to_xcom_value(key, value, what)
    written = backend.serialize_value(
        value,
        key=key,
        task_id=place.task_id,
        dag_id=place.dag_id,
        run_id=place.run_id,
        map_index=place.map_index,
    )
    data = written.encode() if isinstance(written, str) else written
    return XComValue(
        key=key,
        value=data if isinstance(data, bytes) else serialize(data, what),
        length=length_of(value),
    )


def read_xcom(data: bytes) -> Any:
    """Return the value that ``write_xcom`` wrote."""
    backend = find_backend()
    return deserialize(data) if backend is None else backend.deserialize_value(SimpleNamespace(value=data))

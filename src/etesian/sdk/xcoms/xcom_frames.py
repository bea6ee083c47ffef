"""numpy and pandas values in XComs. Imported with the first such value, when the library is loaded anyway."""

from __future__ import annotations

import base64
import io
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any


def register(register_serializer: Callable[..., None]) -> None:
    """Make the types of those libraries known that are loaded, or can be."""
    numpy = _library("numpy")
    if numpy is not None:
        register_serializer(numpy.generic, name="numpy.scalar", dump=_dump_scalar, load=_load_scalar)
        register_serializer(numpy.ndarray, name="numpy.array", dump=_dump_array, load=_load_array)
    pandas = _library("pandas")
    if pandas is not None:
        register_serializer(pandas.DataFrame, name="pandas.frame", dump=_dump_frame, load=_load_frame)
        register_serializer(pandas.Series, name="pandas.series", dump=_dump_series, load=_load_series)
        register_serializer(pandas.Timestamp, name="pandas.timestamp", dump=str, load=pandas.Timestamp)


def _library(name: str) -> Any:
    if name in sys.modules:
        return sys.modules[name]
    try:
        return import_module(name)
    except ImportError:
        return None


def _dump_scalar(value: Any) -> dict[str, Any]:
    return {"dtype": value.dtype.str, "value": value.item() if value.dtype.kind not in "mM" else str(value)}


def _load_scalar(parts: dict[str, Any]) -> Any:
    return _library("numpy").dtype(parts["dtype"]).type(parts["value"])


def _dump_array(value: Any) -> dict[str, Any]:
    if value.dtype.hasobject:
        return {"dtype": "O", "items": value.tolist()}
    return {
        "dtype": value.dtype.str,
        "shape": list(value.shape),
        "data": base64.b64encode(value.tobytes()).decode(),
    }


def _load_array(parts: dict[str, Any]) -> Any:
    numpy = _library("numpy")
    if "items" in parts:
        return numpy.array(parts["items"], dtype=object)
    flat = numpy.frombuffer(base64.b64decode(parts["data"]), dtype=numpy.dtype(parts["dtype"]))
    return flat.reshape(parts["shape"]).copy()


def _dump_frame(frame: Any) -> dict[str, Any]:
    """Return Parquet if its library is there, which keeps every type; else JSON with the types of the
    columns.
    """
    if _library("pyarrow") is not None:
        buffer = io.BytesIO()
        frame.to_parquet(buffer)
        return {"parquet": base64.b64encode(buffer.getvalue()).decode()}
    return {"table": frame.to_json(orient="table", date_format="iso")}


def _load_frame(parts: dict[str, Any]) -> Any:
    pandas = _library("pandas")
    if "parquet" in parts:
        return pandas.read_parquet(io.BytesIO(base64.b64decode(parts["parquet"])))
    return pandas.read_json(io.StringIO(parts["table"]), orient="table")


def _dump_series(series: Any) -> dict[str, Any]:
    return {"name": series.name, "frame": _dump_frame(series.to_frame("values"))}


def _load_series(parts: dict[str, Any]) -> Any:
    return _load_frame(parts["frame"])["values"].rename(parts["name"])

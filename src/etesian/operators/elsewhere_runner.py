"""Calls one function in another interpreter. A script that needs nothing but a Python from 3.8 on.

``python elsewhere_runner.py FOLDER`` reads ``request.json`` and ``function.py`` there, and writes
``result.json`` or ``error.json``. Values are JSON where JSON gives back the very same value, else what the
serializer makes of them.
"""

# ruff: noqa: PTH118, TRY  # runs on interpreters older than ours
from __future__ import annotations

import base64
import importlib
import json
import os
import sys
from typing import Any


def pack(value: Any, serializer: str | None) -> Any:
    """Return a JSON object that holds a value."""
    if serializer is None:
        try:
            text = json.dumps(value, allow_nan=False)
            if _is_same(json.loads(text), value):
                return {"json": value}
        except (TypeError, ValueError, RecursionError):
            pass
        serializer = "pickle"
    # protocol 4 is read by every Python since 3.4: the two interpreters may differ
    content = importlib.import_module(serializer).dumps(value, protocol=4)
    return {"serializer": serializer, "content": base64.b64encode(content).decode("ascii")}


def unpack(packed: Any) -> Any:
    """Return the value that ``pack`` put into a JSON object."""
    if "json" in packed:
        return packed["json"]
    return importlib.import_module(packed["serializer"]).loads(base64.b64decode(packed["content"]))


def _is_same(one: Any, other: Any) -> bool:
    """Whether two values are equal, types included: JSON makes lists of tuples and texts of keys."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_is_same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_is_same, one, other))
    return bool(one == other)


def _write(folder: str, name: str, content: Any) -> None:
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        json.dump(content, file)


def main(folder: str) -> None:
    """Call the function and write down what it returns or raises."""
    with open(os.path.join(folder, "request.json"), encoding="utf-8") as file:
        request = json.load(file)
    source_path = os.path.join(folder, "function.py")
    with open(source_path, encoding="utf-8") as file:
        source = file.read()
    names: Any = {"__name__": "etesian_task", "virtualenv_string_args": request["string_args"]}
    try:
        exec(compile(source, source_path, "exec"), names)
        function = names[request["function"]]
        result = function(*unpack(request["args"]), **unpack(request["kwargs"]))
        _write(folder, "result.json", pack(result, request["serializer"]))
    except Exception as error:
        _write(folder, "error.json", {"type": type(error).__name__, "message": str(error)})
        raise


if __name__ == "__main__":
    main(sys.argv[1])

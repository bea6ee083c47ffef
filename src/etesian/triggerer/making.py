"""From a row to a trigger: find the class, give it its arguments."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from etesian.foundation.errors import EtesianError
from etesian.sdk.trigger import BaseTrigger
from etesian.sdk.xcoms.xcom import deserialize
from etesian.triggerer.source import TriggerRow

_classes: Final[dict[str, type[BaseTrigger]]] = {}


class TriggerMakeError(EtesianError):
    """A trigger cannot be made: its class cannot be imported, or refuses its arguments."""


def is_trigger_class_known(path: str) -> bool:
    """Return whether the class of an import path has been imported: finding it again takes no time."""
    return path in _classes


def find_trigger_class(path: str) -> type[BaseTrigger]:
    """Return the trigger class of an import path. Nothing but a trigger can be reached through it.

    Raises:
        TriggerMakeError: there is no trigger class of that path.
    """
    if path not in _classes:
        _classes[path] = _import_trigger_class(path)
    return _classes[path]


def _import_trigger_class(path: str) -> type[BaseTrigger]:
    module_name, _, name = path.rpartition(".")
    try:
        found = getattr(import_module(module_name), name)
    except Exception as error:  # importing runs the author's code
        raise TriggerMakeError(f"trigger class {path!r} cannot be imported: {error}") from error
    if not (isinstance(found, type) and issubclass(found, BaseTrigger)):
        raise TriggerMakeError(f"{path!r} is not a trigger class; triggers derive from BaseTrigger")
    return found


def make_trigger(row: TriggerRow) -> BaseTrigger:
    """Return the trigger of a row.

    Raises:
        TriggerMakeError: the class cannot be had, or refuses its arguments.
    """
    trigger_class = find_trigger_class(row.trigger_class)
    try:
        trigger = trigger_class(**deserialize(row.trigger_kwargs))
    except Exception as error:  # the author's __init__
        reason = f"{type(error).__name__}: {error}"
        raise TriggerMakeError(f"trigger {row.trigger_class!r} refuses its arguments: {reason}") from error
    trigger.trigger_id = row.trigger_id
    return trigger

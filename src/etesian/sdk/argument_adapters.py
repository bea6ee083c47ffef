"""Arguments that an operator's class once took and no longer does: what they are called now, or what to pass instead.

For operators of packages that we do not own. Our own operators' older names are in ``old_arguments``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgumentAdapter:
    """How one class's older arguments are read."""

    renamed: Mapping[str, str] = field(default_factory=dict)  #: old name -> name now
    converted: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)  #: name now -> value now
    without_effect: frozenset[str] = frozenset()  #: accepted and left out

    def apply(
        self, kwargs: dict[str, Any], defaults: Mapping[str, Any], *, taken: Collection[str] = ()
    ) -> None:
        """Change ``kwargs`` to what the class takes; a name of today that is given wins over its older one.

        Arguments among ``taken`` are left alone: this version of the class has them, still or again.
        """
        for old, new in self.renamed.items():
            if old in taken:
                continue
            given = kwargs.pop(old, defaults.get(old))
            if given is not None:
                kwargs.setdefault(new, given)
        for name, convert in self.converted.items():
            if name in kwargs or name in defaults:
                kwargs[name] = convert(kwargs.get(name, defaults.get(name)))
        for name in self.without_effect.difference(taken):
            kwargs.pop(name, None)


_ADAPTERS: dict[str, ArgumentAdapter] = {}


def register_adapter(operator: str, adapter: ArgumentAdapter) -> None:
    """Use ``adapter`` for the class of that dotted path, also when it is made for a subclass."""
    _ADAPTERS[f"{operator}.__init__"] = adapter


def find_adapter(init_path: str) -> ArgumentAdapter | None:
    """Return the adapter for the ``__init__`` of that dotted path."""
    return _ADAPTERS.get(init_path)

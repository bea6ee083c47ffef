"""Arguments that an operator's class once took and no longer does: what they are called now, or what to pass instead.

For operators of packages that we do not own. Our own operators' older names are in ``old_arguments``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
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


@dataclass(frozen=True, slots=True)
class _Family:
    """Classes of one package that had the same older arguments."""

    package: str  #: with its last dot
    beside: str  #: an argument of those constructors that take the family's older ones
    adapter: ArgumentAdapter


_ADAPTERS: dict[str, ArgumentAdapter] = {}
_FAMILIES: list[_Family] = []


def register_adapter(operator: str, adapter: ArgumentAdapter) -> None:
    """Use ``adapter`` for the class of that dotted path, also when it is made for a subclass."""
    _ADAPTERS[f"{operator}.__init__"] = adapter


def register_family(package: str, beside: str, adapter: ArgumentAdapter) -> None:
    """Use ``adapter`` for all classes of a package whose constructors name the argument ``beside``."""
    _FAMILIES.append(_Family(f"{package}.", beside, adapter))


def find_adapters(init_path: str, names: Collection[str]) -> Iterator[ArgumentAdapter]:
    """Yield the adapters for the ``__init__`` of that dotted path, which has arguments of those names."""
    if init_path in _ADAPTERS:
        yield _ADAPTERS[init_path]
    for family in _FAMILIES:
        if init_path.startswith(family.package) and family.beside in names:
            yield family.adapter

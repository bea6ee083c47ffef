"""Values that are only known at run time, as placeholders in arguments, and how they are found there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final


class ArgNotSet:
    """The type of ``NOTSET``."""

    def __repr__(self) -> str:
        return "NOTSET"

    def __bool__(self) -> bool:
        return False


#: Stands for "no value was given" where None is a value.
NOTSET: Final = ArgNotSet()


class ResolveMixin:
    """A stand-in for a value that is only known at run time. Template fields may hold one anywhere inside."""

    def iter_references(self) -> Iterator[tuple[Any, str]]:
        """Yield the tasks, with XCom keys, that the value comes from."""
        yield from ()

    def resolve(self, context: Mapping[str, Any]) -> Any:
        """Return the value for the run of ``context``."""
        raise NotImplementedError


def references_in(value: Any, seen: set[int]) -> Iterator[tuple[Any, str]]:
    """Look into lists, dicts and objects with template fields; each object once, because objects may form
    circles.
    """
    if isinstance(value, ResolveMixin):
        yield from value.iter_references()
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from references_in(part, seen)
    elif isinstance(value, list | tuple | set | frozenset):
        for part in value:
            yield from references_in(part, seen)
    elif _has_template_fields(value) and id(value) not in seen:
        seen.add(id(value))
        for name in value.template_fields:
            yield from references_in(getattr(value, name, None), seen)


def _has_template_fields(value: Any) -> bool:
    fields = getattr(type(value), "template_fields", None)
    return isinstance(fields, list | tuple) and not hasattr(value, "task_id")

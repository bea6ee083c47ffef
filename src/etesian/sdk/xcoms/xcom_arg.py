"""The result of a task, before the task has run: a reference that template fields resolve when their own task
runs.

Using a reference as an argument also makes its task an upstream of the one that uses it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, zip_longest
from typing import Any, Final

from etesian.protocol.requests import GetXCom, XComItems
from etesian.sdk.exceptions import (
    UnmappableOperator,
    UnmappableXComTypePushed,
    XComForMappingNotPushed,
    XComNotFound,
)
from etesian.sdk.graph.dependency import DependencyMixin, each_wirable
from etesian.sdk.runtime import ask
from etesian.sdk.xcoms.reference import NOTSET, ArgNotSet, ResolveMixin, references_in
from etesian.sdk.xcoms.xcom_backend import find_backend, read_xcom
from etesian.spec.task import XComInput

__all__ = [
    "NOTSET",
    "RETURN_VALUE_KEY",
    "ArgNotSet",
    "ConcatXComArg",
    "MapXComArg",
    "PlainXComArg",
    "ResolveMixin",
    "XComArg",
    "ZipXComArg",
]

#: The key under which a task's return value is kept.
RETURN_VALUE_KEY: Final = "return_value"


class XComArg(ResolveMixin, DependencyMixin):
    """What ``operator`` will push under ``key``. ``arg["name"]`` is another key of the same task.

    In a string it turns into a Jinja expression that pulls the value.
    """

    def __init__(
        self, operator: Any, key: str = RETURN_VALUE_KEY
    ) -> None:  # Any: a task, defined above this module
        self.operator = operator
        self.key = key

    # --- as a value -----------------------------------------------------------------------------------------

    def __getitem__(self, key: str) -> XComArg:
        if not isinstance(key, str):
            raise ValueError(f"a task's result is indexed by the key of an XCom, a text; got {key!r}")
        return XComArg(self.operator, key)

    def __iter__(self) -> Iterator[Any]:
        raise TypeError(
            f"the result of task {self.operator.task_id!r} is not known while the file is parsed and cannot "
            "be iterated; "
            f"use expand() to make one task per element"
        )

    def __eq__(self, other: object) -> bool:
        if type(other) is not XComArg or type(self) is not XComArg:
            return self is other
        return self.operator is other.operator and self.key == other.key

    def __hash__(self) -> int:
        return hash((id(self.operator), self.key))

    def __repr__(self) -> str:
        suffix = "" if self.key == RETURN_VALUE_KEY else f", {self.key!r}"
        return f"XComArg({self.operator!r}{suffix})"

    def __str__(self) -> str:
        parts = [
            f"task_ids={self.operator.task_id!r}",
            f"dag_id={self.operator.dag_id!r}",
            f"key={self.key!r}",
        ]
        return f"{{{{ task_instance.xcom_pull({', '.join(parts)}) }}}}"

    def map(self, f: Callable[[Any], Any]) -> XComArg:
        """Return the reference to the elements of this one, each passed through ``f`` when it is used."""
        return MapXComArg(self, [f])

    def zip(self, *others: Any, fillvalue: Any = NOTSET) -> XComArg:
        """Return the reference to tuples of the elements of this and ``others``: up to the shortest, or
        filled up.
        """
        return ZipXComArg([self, *others], fillvalue)

    def concat(self, *others: Any) -> XComArg:
        """Return the reference to the elements of this one followed by those of ``others``."""
        return ConcatXComArg([self, *others])

    # --- as a place in the graph ----------------------------------------------------------------------------

    def iter_references(self) -> Iterator[tuple[Any, str]]:
        """Yield every task and key that this refers to."""
        yield self.operator, self.key

    @staticmethod
    def iter_xcom_references(value: Any) -> Iterator[tuple[Any, str]]:
        """Yield every task and key that an argument refers to, at any depth."""
        yield from references_in(value, set())

    @staticmethod
    def apply_upstream_relationship(op: Any, arg: Any) -> None:
        """Make every task that ``arg`` refers to an upstream of ``op``."""
        for operator, _ in XComArg.iter_xcom_references(arg):
            if operator is not op and operator.task_id not in op.upstream_task_ids:
                op.set_upstream(operator)

    @property
    def roots(self) -> Sequence[Any]:
        """Return the tasks referred to."""
        return list(dict.fromkeys(operator for operator, _ in self.iter_references()))

    @property
    def leaves(self) -> Sequence[Any]:
        """Return the tasks referred to."""
        return self.roots

    def set_upstream(self, other: Any, edge_modifier: Any = None) -> None:
        """Let ``other`` run before the tasks referred to."""
        for operator in self.roots:
            operator.set_upstream(other, edge_modifier)

    def set_downstream(self, other: Any, edge_modifier: Any = None) -> None:
        """Let ``other`` run after the tasks referred to."""
        for operator in self.roots:
            operator.set_downstream(other, edge_modifier)

    def as_setup(self) -> XComArg:
        """Make the task a setup."""
        for operator in self.roots:
            operator.as_setup()
        return self

    def as_teardown(self, *, setups: Any = None, on_failure_fail_dagrun: Any = NOTSET) -> XComArg:
        """Make the task a teardown of ``setups``."""
        parts = (
            list(chain.from_iterable(part.roots for part in each_wirable(setups)))
            if setups is not None
            else None
        )
        for operator in self.roots:
            operator.as_teardown(setups=parts, on_failure_fail_dagrun=on_failure_fail_dagrun)
        return self

    @property
    def is_setup(self) -> bool:
        """Whether the task is a setup."""
        return any(operator.is_setup for operator in self.roots)

    @property
    def is_teardown(self) -> bool:
        """Whether the task is a teardown."""
        return any(operator.is_teardown for operator in self.roots)

    @property
    def on_failure_fail_dagrun(self) -> bool:
        """Whether the failure of the teardown fails the run."""
        return any(operator.on_failure_fail_dagrun for operator in self.roots)

    @on_failure_fail_dagrun.setter
    def on_failure_fail_dagrun(self, value: bool) -> None:
        for operator in self.roots:
            operator.on_failure_fail_dagrun = value

    def __enter__(self) -> XComArg:
        self.operator.__enter__()
        return self

    def __exit__(self, *details: object) -> None:
        self.operator.__exit__(*details)

    # --- as an input of mapping -----------------------------------------------------------------------------

    def map_input(self) -> XComInput:
        """Describe the number of elements for the scheduler."""
        if self.key != RETURN_VALUE_KEY:
            raise UnmappableOperator(
                f"tasks can be expanded over the return value of {self.operator.task_id!r}, not over its "
                f"XCom {self.key!r}"
            )
        return XComInput(task_ids=(self.operator.task_id,))

    # --- at run time ----------------------------------------------------------------------------------------

    def resolve(self, context: Mapping[str, Any]) -> Any:
        """Return the value in this task's run: of all map indexes, or of the matching one inside a mapped
        group.

        Raises:
            XComNotFound: a key was not pushed that is neither the return value nor one of multiple outputs.
        """
        value = context["ti"].xcom_pull(
            task_ids=self.operator.task_id,
            key=self.key,
            map_indexes=_indexes_seen_by(context["ti"], self.operator),
            default=NOTSET,
        )
        if value is not NOTSET:
            return value
        if self.key == RETURN_VALUE_KEY or self.operator.multiple_outputs:
            return None  # what a task returns need not have all outputs
        raise XComNotFound(self.operator.dag_id, self.operator.task_id, self.key)

    def resolve_length(self, context: Mapping[str, Any]) -> int:
        """Return the number of elements."""
        return len(_elements(self.resolve(context), self))

    def resolve_element(self, context: Mapping[str, Any], index: int) -> Any:
        """Return one element, without reading the others where that is possible."""
        if self.operator.has_map_indexes and _indexes_seen_by(context["ti"], self.operator) is None:
            return context["ti"].xcom_pull(task_ids=self.operator.task_id, key=self.key, map_indexes=index)
        return self._pull_element(context["ti"], index)

    def _pull_element(self, ti: Any, index: int) -> Any:
        """Ask for one element; what is no plain list arrives whole."""
        seen = _indexes_seen_by(ti, self.operator)
        request = GetXCom(
            dag_id=ti.dag_id,
            run_id=ti.run_id,
            task_ids=(self.operator.task_id,),
            key=self.key,
            map_indexes=None if seen is None or seen < 0 else (seen,),
            element=index if find_backend() is None else None,  # a backend's values are its own
        )
        items = ask(request, XComItems).items
        if items and items[0].is_element:
            return read_xcom(items[0].value)
        return _elements(read_xcom(items[0].value) if items else None, self)[index]


#: the name of the plain reference in Airflow 2.3 and later
PlainXComArg = XComArg


class MapXComArg(XComArg):
    """Elements of another reference, passed through functions."""

    def __init__(self, arg: XComArg, callables: Sequence[Callable[[Any], Any]]) -> None:
        for function in callables:
            if hasattr(function, "operator_class") or not callable(function):
                raise TypeError(f"map() takes a plain function, not a task; got {function!r:.80}")
        super().__init__(arg.operator, arg.key)
        self.arg = arg
        self.callables = tuple(callables)

    def __repr__(self) -> str:
        return f"{self.arg!r}" + "".join(f".map({getattr(f, '__name__', f)})" for f in self.callables)

    def __getitem__(self, key: str) -> XComArg:
        raise TypeError(f"{self!r} cannot be indexed by {key!r}: it stands for a sequence")

    def map(self, f: Callable[[Any], Any]) -> XComArg:
        """Return the reference with one more function."""
        return MapXComArg(self.arg, [*self.callables, f])

    def iter_references(self) -> Iterator[tuple[Any, str]]:
        """Yield every task and key that this refers to."""
        yield from self.arg.iter_references()

    def map_input(self) -> XComInput:
        """Describe the number of elements for the scheduler: the same as without the functions."""
        return self.arg.map_input()

    def _through(self, value: Any) -> Any:
        for function in self.callables:
            value = function(value)
        return value

    def resolve(self, context: Mapping[str, Any]) -> Any:
        """Return all elements, passed through the functions."""
        return [self._through(value) for value in _elements(self.arg.resolve(context), self.arg)]

    def resolve_length(self, context: Mapping[str, Any]) -> int:
        """Return the number of elements."""
        return self.arg.resolve_length(context)

    def resolve_element(self, context: Mapping[str, Any], index: int) -> Any:
        """Return one element, passed through the functions."""
        return self._through(self.arg.resolve_element(context, index))


class _CombinedXComArg(XComArg):
    """Several references, or plain sequences, in one."""

    _word = ""  #: how their lengths combine, as in ``XComInput.length_of``

    def __init__(self, parts: Sequence[Any]) -> None:
        first = next((part for part in parts if isinstance(part, XComArg)), None)
        if first is None:
            raise TypeError(f"{self._word}() needs at least one task result")
        super().__init__(first.operator, first.key)
        self.parts = tuple(parts)

    def __repr__(self) -> str:
        return f"{self.parts[0]!r}.{self._word}({', '.join(map(repr, self.parts[1:]))})"

    def __getitem__(self, key: str) -> XComArg:
        raise TypeError(f"{self!r} cannot be indexed by {key!r}: it stands for a sequence")

    def iter_references(self) -> Iterator[tuple[Any, str]]:
        """Yield every task and key that this refers to."""
        for part in self.parts:
            yield from XComArg.iter_xcom_references(part)

    def map_input(self) -> XComInput:
        """Describe the number of elements for the scheduler."""
        task_ids: list[str] = []
        literal_lengths: list[int] = []
        for part in self.parts:
            if not isinstance(part, XComArg):
                literal_lengths.append(len(part))
                continue
            found = part.map_input()
            if found.length_of not in ("one", self._word):
                raise UnmappableOperator(
                    f"a {found.length_of} inside a {self._word} cannot be expanded: {self!r}"
                )
            task_ids += found.task_ids
            literal_lengths += found.literal_lengths
        return XComInput(
            task_ids=tuple(task_ids), length_of=self._word, literal_lengths=tuple(literal_lengths)
        )

    def _lengths(self, context: Mapping[str, Any]) -> list[int]:
        return [
            part.resolve_length(context) if isinstance(part, XComArg) else len(part) for part in self.parts
        ]

    def _resolved_parts(self, context: Mapping[str, Any]) -> list[Sequence[Any]]:
        return [
            _elements(part.resolve(context), part) if isinstance(part, XComArg) else part
            for part in self.parts
        ]


class ZipXComArg(_CombinedXComArg):
    """Tuples of the elements of several references."""

    _word = "zip"

    def __init__(self, parts: Sequence[Any], fillvalue: Any = NOTSET) -> None:
        super().__init__(parts)
        self.fillvalue = fillvalue
        if fillvalue is not NOTSET:
            self._word = "zip_longest"

    def resolve(self, context: Mapping[str, Any]) -> Any:
        """Return the list of tuples."""
        parts = self._resolved_parts(context)
        if self.fillvalue is NOTSET:
            return list(zip(*parts, strict=False))
        return list(zip_longest(*parts, fillvalue=self.fillvalue))

    def resolve_length(self, context: Mapping[str, Any]) -> int:
        """Return the shortest length, or the longest if there is a value to fill up with."""
        return (min if self.fillvalue is NOTSET else max)(self._lengths(context))

    def resolve_element(self, context: Mapping[str, Any], index: int) -> Any:
        """Return one tuple; without a value to fill up with, only the elements in it are read."""
        if self.fillvalue is not NOTSET:
            return self.resolve(context)[index]
        return tuple(
            part.resolve_element(context, index) if isinstance(part, XComArg) else part[index]
            for part in self.parts
        )


class ConcatXComArg(_CombinedXComArg):
    """The elements of several references, one after the other."""

    _word = "concat"

    def resolve(self, context: Mapping[str, Any]) -> Any:
        """Return the list of all elements."""
        return list(chain.from_iterable(self._resolved_parts(context)))

    def resolve_length(self, context: Mapping[str, Any]) -> int:
        """Return the sum of the lengths."""
        return sum(self._lengths(context))

    def resolve_element(self, context: Mapping[str, Any], index: int) -> Any:
        """Return one element, reading only the part that it is in."""
        for part, length in zip(self.parts, self._lengths(context), strict=True):
            if index < length:
                return part.resolve_element(context, index) if isinstance(part, XComArg) else part[index]
            index -= length
        raise IndexError(f"{self!r} has no element {index}")


def _elements(value: Any, arg: Any) -> Sequence[Any]:
    """Return what mapping over ``value`` yields: elements of a list, pairs of a dict."""
    if value is None:
        raise XComForMappingNotPushed(f"{arg!r} gave nothing to map over")
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, str | bytes) or not hasattr(value, "__iter__"):
        raise UnmappableXComTypePushed(
            f"{arg!r} gave a {type(value).__name__}; a list or a dict can be mapped over"
        )
    return value if isinstance(value, Sequence) else list(value)


def _indexes_seen_by(ti: Any, operator: Any) -> int | None:
    """Return which map index of ``operator`` the running task means: its own one inside a common mapped
    group.
    """
    if not operator.has_map_indexes:
        return -1
    group = operator.mapped_group
    if group is not None and ti.task.mapped_group is group and not operator.is_directly_mapped:
        return int(ti.map_index)
    return None

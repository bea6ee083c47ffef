"""Mapped tasks: ``partial`` fixes arguments, ``expand`` gives those that differ between instances."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias

from etesian.sdk.exceptions import UnmappableOperator, UnmappableXComTypePushed
from etesian.sdk.graph.scope import detached
from etesian.sdk.tasks.operator_meta import signature_of
from etesian.sdk.xcoms.xcom_arg import ResolveMixin, XComArg
from etesian.spec.task import LiteralInput, MapInput, MapSpec

#: the name of the one input of ``expand_kwargs``
ALL_KWARGS: Final = "*"
#: arguments of every operator that may differ between the instances of one task; the others are needed to
#: schedule it
_MAPPABLE_COMMON: Final = frozenset(
    {
        "params",
        "inlets",
        "outlets",
        "email",
        "doc",
        "doc_md",
        "doc_json",
        "doc_yaml",
        "doc_rst",
        "executor_config",
    }
)
#: what a mapped task shows of the class of its instances
_SHOWN_OF_CLASS: Final = (
    "template_fields",
    "template_ext",
    "template_fields_renderers",
    "ui_color",
    "ui_fgcolor",
    "is_sensor",
    "operator_extra_links",
    "custom_operator_name",
    "inherits_from_empty_operator",
)
Context: TypeAlias = Mapping[str, Any]


class ExpandInput(Protocol):
    """Where the arguments of the instances come from."""

    def iter_references(self) -> Iterator[tuple[Any, str]]:
        """Yield the tasks, with XCom keys, that the values come from."""
        ...

    def map_spec(self) -> MapSpec:
        """Describe the number of instances for the scheduler."""
        ...

    def resolve(self, context: Context, map_index: int) -> tuple[dict[str, Any], set[int]]:
        """Return the arguments of one instance, and the ids of those objects that came from XComs."""
        ...


def _literal_elements(value: Any) -> Sequence[Any]:
    return list(value.items()) if isinstance(value, Mapping) else value


@dataclass(frozen=True, eq=False)
class DictOfListsExpandInput:
    """``expand(x=[...], y=result)``: one instance per combination; the last argument varies fastest."""

    value: Mapping[str, Any]

    def iter_references(self) -> Iterator[tuple[Any, str]]:
        """Yield the tasks, with XCom keys, that the values come from."""
        for part in self.value.values():
            yield from XComArg.iter_xcom_references(part)

    def map_spec(self) -> MapSpec:
        """Describe the number of instances for the scheduler."""
        return MapSpec(inputs={name: _map_input(name, part) for name, part in self.value.items()})

    def resolve(self, context: Context, map_index: int) -> tuple[dict[str, Any], set[int]]:
        """Return the arguments of one instance, and the ids of those objects that came from XComs."""
        found: dict[str, Any] = {}
        from_xcom: set[int] = set()
        index = map_index
        for name, part in reversed(list(self.value.items())):
            index, own = (
                divmod(index, self._length(name, part, context)) if len(self.value) > 1 else (0, index)
            )
            if isinstance(part, XComArg):
                found[name] = part.resolve_element(context, own)
                from_xcom.add(id(found[name]))
            else:
                found[name] = _literal_elements(part)[own]
        return {name: found[name] for name in self.value}, from_xcom

    def _length(self, name: str, part: Any, context: Context) -> int:
        if not isinstance(part, XComArg):
            return len(part)
        known = getattr(context["ti"], "map_lengths", {})
        for key in (name, part.operator.task_id):
            if key in known:
                return int(known[key])
        return part.resolve_length(context)


@dataclass(frozen=True, eq=False)
class ListOfDictsExpandInput:
    """``expand_kwargs([{...}, {...}])``: one instance per dict."""

    value: Any  #: a list of dicts, or a task result that will be one

    def iter_references(self) -> Iterator[tuple[Any, str]]:
        """Yield the tasks, with XCom keys, that the values come from."""
        yield from XComArg.iter_xcom_references(self.value)

    def map_spec(self) -> MapSpec:
        """Describe the number of instances for the scheduler."""
        return MapSpec(inputs={ALL_KWARGS: _map_input(ALL_KWARGS, self.value)})

    def resolve(self, context: Context, map_index: int) -> tuple[dict[str, Any], set[int]]:
        """Return the arguments of one instance, and the ids of those objects that came from XComs."""
        if isinstance(self.value, XComArg):
            kwargs = self.value.resolve_element(context, map_index)
            from_xcom = {id(part) for part in kwargs.values()} if isinstance(kwargs, Mapping) else set()
        else:
            kwargs, from_xcom = self.value[map_index], set()
        if not isinstance(kwargs, Mapping) or not all(isinstance(name, str) for name in kwargs):
            raise UnmappableXComTypePushed(
                f"expand_kwargs() needs dicts of arguments; element {map_index} is a "
                f"{type(kwargs).__name__}: {kwargs!r:.80}"
            )
        resolved: dict[str, Any] = {}
        for name, part in kwargs.items():
            resolved[name] = part.resolve(context) if isinstance(part, ResolveMixin) else part
        return resolved, from_xcom


@dataclass(frozen=True, eq=False)
class MappedArgument(ResolveMixin):
    """An argument of a mapped task group's function: its value differs between the instances of the group."""

    expand_input: ExpandInput
    name: str

    def iter_references(self) -> Iterator[tuple[Any, str]]:
        """Yield the tasks, with XCom keys, that the value comes from."""
        yield from self.expand_input.iter_references()

    def resolve(self, context: Context) -> Any:
        """Return the value for the instance that is running."""
        return self.expand_input.resolve(context, context["ti"].map_index)[0][self.name]


def _map_input(name: str, value: Any) -> MapInput:
    return value.map_input() if isinstance(value, XComArg) else LiteralInput(length=len(value))


def check_mapped_values(what: str, values: Mapping[str, Any]) -> DictOfListsExpandInput:
    """Return the input of ``expand`` for these values.

    Raises:
        UnmappableOperator: there are none, or one cannot be mapped over.
    """
    if not values:
        raise UnmappableOperator(f"{what}: expand() needs at least one argument to map over")
    for name, value in values.items():
        if isinstance(value, MappedArgument):
            raise UnmappableOperator(
                f"{what}: {name!r} is an argument of the mapped group around it; mapping inside of a mapped "
                "group is not possible"
            )
        if isinstance(value, str | bytes) or not isinstance(value, Sequence | Mapping | XComArg):
            raise UnmappableOperator(
                f"{what}: expand({name}=...) takes a list, a dict or a task result, got "
                f"{type(value).__name__}: {value!r:.80}"
            )
    return DictOfListsExpandInput(dict(values))


def check_mapped_kwargs(what: str, value: Any) -> ListOfDictsExpandInput:
    """Return the input of ``expand_kwargs`` for a list of dicts or a task result.

    Raises:
        UnmappableOperator: it is neither.
    """
    if isinstance(value, XComArg):
        return ListOfDictsExpandInput(value)
    if (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and all(isinstance(part, Mapping | XComArg) for part in value)
    ):
        return ListOfDictsExpandInput(list(value))
    raise UnmappableOperator(
        f"{what}: expand_kwargs() takes a list of dicts or a task result, got {value!r:.80}"
    )


@dataclass(frozen=True, kw_only=True)
class OperatorPartial:
    """What ``partial`` returns: an operator that waits for its mapped arguments."""

    operator_class: Any  #: a subclass of BaseOperator, which is defined above this module
    mapped_class: Any  #: the class of the task to make
    kwargs: dict[str, Any]
    #: the argument of the operator that the mapped values go into, such as ``op_kwargs``; None: they are
    #: arguments
    into: str | None = None
    expected: frozenset[str] | None = field(default=None)  #: names that may be mapped when ``into`` is set

    def expand(self, **mapped_kwargs: Any) -> Any:
        """Make one instance per combination of the values."""
        return self._make(check_mapped_values(self._what, mapped_kwargs), mapped_kwargs)

    def expand_kwargs(self, kwargs: Any, *, strict: bool = True) -> Any:
        """Make one instance per dict of arguments."""
        expand_input = check_mapped_kwargs(self._what, kwargs)
        literal = expand_input.value if isinstance(expand_input.value, list) else []
        return self._make(
            expand_input, [name for part in literal if isinstance(part, Mapping) for name in part]
        )

    @property
    def _what(self) -> str:
        return f"{self.operator_class.__name__} {self.kwargs.get('task_id', '')!r}"

    def _make(self, expand_input: ExpandInput, names: Any) -> Any:
        _check_names(self, list(names))
        return self.mapped_class(
            operator_class=self.operator_class,
            partial_kwargs=self.kwargs,
            expand_input=expand_input,
            into=self.into,
        )


def _check_names(partial: OperatorPartial, names: Sequence[str]) -> None:
    what = partial._what
    fixed = partial.kwargs.get(partial.into, {}) if partial.into else partial.kwargs
    twice = sorted(set(names) & set(fixed))
    if twice:
        raise UnmappableOperator(f"{what}: {', '.join(twice)} given to both partial() and expand()")
    possible = partial.expected if partial.into else _arguments_of_class(partial.operator_class)
    unknown = sorted(set(names) - possible) if possible is not None else []
    if unknown:
        raise UnmappableOperator(f"{what} has no argument {', '.join(map(repr, unknown))} to map over")
    needed_early = (
        sorted(set(names) & (common_arguments(partial.mapped_class) - _MAPPABLE_COMMON))
        if not partial.into
        else []
    )
    if needed_early:
        raise UnmappableOperator(
            f"{what}: {', '.join(needed_early)} cannot be mapped over: the scheduler needs it before the "
            "instances exist"
        )


def _arguments_of_class(operator_class: type) -> frozenset[str]:
    return frozenset(
        name
        for cls in operator_class.__mro__
        if cls is not object and "__init__" in vars(cls)
        for name in signature_of(cls.__init__).names  # type: ignore[misc]  # the class's own __init__
    )


def common_arguments(mapped_class: Any) -> frozenset[str]:
    """Return the arguments that every operator has."""
    return frozenset(signature_of(mapped_class.__mro__[2].__init__).names)


class MappedTask:
    """The part of a mapped task that is not common to all tasks; joined with ``BaseOperator`` in
    ``operator``.
    """

    is_directly_mapped = True

    def __init__(
        self,
        *,
        operator_class: Any,
        partial_kwargs: dict[str, Any],
        expand_input: ExpandInput,
        into: str | None = None,
    ) -> None:
        self.__dict__.update(
            _mapped_class=operator_class,
            partial_kwargs=partial_kwargs,
            expand_input=expand_input,
            mapped_into=into,
        )
        shown = {name: getattr(operator_class, name) for name in _SHOWN_OF_CLASS}
        # a property needs an instance to answer; what it would say is not known yet
        self.__dict__.update(
            {name: value for name, value in shown.items() if not isinstance(value, property)}
        )
        common = common_arguments(type(self))
        super().__init__(**{name: value for name, value in partial_kwargs.items() if name in common})

    def __getattr__(self, name: str) -> Any:
        kwargs = self.__dict__.get("partial_kwargs", {})
        if name in kwargs:
            return kwargs[name]
        raise AttributeError(f"mapped task {self.__dict__.get('task_id')!r} has no attribute {name!r}")

    def _finish_making(self) -> None:
        """Make the tasks that the arguments come from upstream of this one."""
        self.__dict__["_is_made"] = True
        for operator, _ in self.expand_input.iter_references():
            XComArg.apply_upstream_relationship(self, XComArg(operator))
        for name in self.template_fields:
            XComArg.apply_upstream_relationship(self, self.partial_kwargs.get(name))

    @property
    def operator_class(self) -> Any:
        """Return the class of the instances."""
        return self.__dict__["_mapped_class"]

    @property
    def task_type(self) -> str:
        """Return the name of the class of the instances."""
        return str(self.operator_class.__name__)

    def __repr__(self) -> str:
        return f"<Mapped({self.task_type}): {self.__dict__.get('task_id')}>"

    def map_spec(self) -> MapSpec:
        """Describe the number of instances for the scheduler."""
        spec: MapSpec = self.expand_input.map_spec()
        return spec

    def unmap(self, context: Context) -> Any:
        """Return the operator of the instance that runs in ``context``, or with the mapped arguments themselves.

        Raises:
            UnknownArgumentError: a mapped argument is one that the operator does not take.
        """
        resolved: Mapping[str, Any] = context
        from_xcom: set[int] = set()
        if "ti" in context:
            resolved, from_xcom = self.expand_input.resolve(context, context["ti"].map_index)
        kwargs = {
            **self.partial_kwargs,
            "task_id": self.task_id,
            "default_args": self.__dict__["_default_args"],
        }
        if self.mapped_into is None:
            kwargs.update(resolved)
        else:
            kwargs[self.mapped_into] = {**kwargs.get(self.mapped_into, {}), **resolved}
        for name in ("dag", "task_group"):
            kwargs.pop(name, None)
        with detached():
            operator = self.operator_class(**kwargs)
            operator._dag, operator.task_group = self._dag, self.task_group
        operator.__dict__.update(
            upstream_task_ids=self.upstream_task_ids,
            downstream_task_ids=self.downstream_task_ids,
            _is_setup=self._is_setup,
            _is_teardown=self._is_teardown,
            _resolved_ids=frozenset(from_xcom),
            params=self.params if "params" not in resolved else operator.params,
        )
        return operator

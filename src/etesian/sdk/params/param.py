"""Params: named values of a run, with defaults in the DAG file and, where wanted, a JSON schema."""

from __future__ import annotations

import copy
from collections.abc import ItemsView, Iterator, Mapping, MutableMapping, ValuesView
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from etesian.sdk.exceptions import ParamValidationError
from etesian.sdk.params.json_schema import SchemaError, find_problem
from etesian.sdk.params.plain_data import as_plain
from etesian.sdk.xcoms.xcom_arg import NOTSET, ArgNotSet, ResolveMixin
from etesian.spec.dag import ParamSpec


class Param:
    """One param: a default, a description, and keywords of JSON Schema such as ``type`` or ``enum``.

    >>> Param(5, type="integer", minimum=1).resolve(7)
    7
    """

    CLASS_IDENTIFIER: ClassVar[str] = "__class"

    def __init__(
        self, default: Any = NOTSET, description: str | None = None, source: str | None = None, **kwargs: Any
    ) -> None:
        self.value = default
        self.description = description
        self.source = source
        self.schema: dict[str, Any] = {**kwargs.pop("schema", {}), **kwargs}

    @property
    def has_value(self) -> bool:
        """Whether there is a value; None is one only if the schema says so or says nothing."""
        return not isinstance(self.value, ArgNotSet)

    def resolve(self, value: Any = NOTSET, suppress_exception: bool = False) -> Any:
        """Return ``value``, or the default, after checking it, and keep it.

        Raises:
            ParamValidationError: there is no value, or the schema refuses it.
        """
        final = self.value if isinstance(value, ArgNotSet) else value
        problem = self._problem_with(final)
        if problem is not None:
            if suppress_exception:
                return None
            raise ParamValidationError(problem)
        self.value = final
        return final

    def _problem_with(self, value: Any) -> str | None:
        if isinstance(value, ArgNotSet):
            return "no value was given and there is no default"
        try:
            return find_problem(_as_json(value), self.schema)
        except SchemaError as error:
            return str(error)

    def dump(self) -> dict[str, Any]:
        """Return the parts as plain data."""
        value = None if isinstance(self.value, ArgNotSet) else self.value
        return {"value": value, "schema": self.schema, "description": self.description, "source": self.source}

    def to_spec(self) -> ParamSpec:
        """Return the param as the spec holds it."""
        return ParamSpec(
            value=_as_json(self.value) if self.has_value else None,
            has_value=self.has_value,
            schema=as_plain(self.schema),  # authors label values by number, too
            description=self.description,
            source=self.source,
        )

    def __repr__(self) -> str:
        return f"Param({self.value!r}, {self.schema!r})"

    def __copy__(self) -> Param:
        twin = Param(self.value, self.description, self.source)
        twin.schema = dict(self.schema)
        return twin


class ParamsDict(MutableMapping[str, Any]):
    """Params by name. Reading gives values; ``get_param`` gives the ``Param``. Assigning checks the value."""

    def __init__(self, dict_obj: Mapping[str, Any] | None = None, suppress_exception: bool = False) -> None:
        self._params: dict[str, Param] = {}
        self.suppress_exception = suppress_exception
        self.update(dict_obj or {})

    def __getitem__(self, key: str) -> Any:
        return self._params[key].resolve(suppress_exception=self.suppress_exception)

    def __setitem__(self, key: str, value: Any) -> None:
        if isinstance(value, Param):
            self._params[key] = copy.copy(value)
        elif key not in self._params:
            self._params[key] = Param(value)
        else:
            try:
                self._params[key].resolve(value, suppress_exception=self.suppress_exception)
            except ParamValidationError as error:
                raise ParamValidationError(f"param {key!r}: {error}") from None

    def __delitem__(self, key: str) -> None:
        del self._params[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._params)

    def __len__(self) -> int:
        return len(self._params)

    def __contains__(self, key: object) -> bool:
        return key in self._params

    def __repr__(self) -> str:
        return repr({name: param.value for name, param in self._params.items()})

    def __copy__(self) -> ParamsDict:
        return ParamsDict(self._params, self.suppress_exception)

    def items(self) -> ItemsView[str, Any]:
        """Return pairs of name and ``Param``, as DAG files know it."""
        return self._params.items()

    def values(self) -> ValuesView[Any]:
        """Return the ``Param`` objects."""
        return self._params.values()

    def update(self, *others: Any, **kwargs: Any) -> None:
        """Add values or ``Param`` objects of other mappings."""
        for other in (*others, kwargs):
            pairs = other._params.items() if isinstance(other, ParamsDict) else dict(other).items()
            for name, value in pairs:
                self[name] = value

    def get_param(self, key: str) -> Param:
        """Return the ``Param`` of that name."""
        return self._params[key]

    def dump(self) -> dict[str, Any]:
        """Return the values by name.

        Raises:
            ParamValidationError: one is missing or refused by its schema; the message names it.
        """
        return self.validate()

    def validate(self) -> dict[str, Any]:
        """Return the values by name, checked.

        Raises:
            ParamValidationError: one is missing or refused by its schema; the message names it.
        """
        found = {}
        for name, param in self._params.items():
            try:
                found[name] = param.resolve(suppress_exception=self.suppress_exception)
            except ParamValidationError as error:
                raise ParamValidationError(f"param {name!r}: {error}") from None
        return found


class DagParam(ResolveMixin):
    """The value of a param of the DAG, or of the run's conf, once the run exists."""

    def __init__(self, current_dag: Any, name: str, default: Any = NOTSET) -> None:
        if default is not NOTSET:
            current_dag.params[name] = default
        self._name = name
        self._default = default
        self.current_dag = current_dag

    def resolve(self, context: Mapping[str, Any]) -> Any:
        """Return the run's value.

        Raises:
            ParamValidationError: the run has none and there is no default.
        """
        conf = context["dag_run"].conf or {}
        if self._name in conf:
            return conf[self._name]
        if self._default is not NOTSET:
            return self._default
        if self._name in context["params"]:
            return context["params"][self._name]
        raise ParamValidationError(
            f"no value is known for param {self._name!r} of DAG {self.current_dag.dag_id!r}"
        )


def process_params(dag: Any, task: Any, conf: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the params that a task of a run sees: the DAG's, the task's over them, the run's conf over both.

    Raises:
        ParamValidationError: a value is missing or refused by its schema.
    """
    of_dag, of_task = getattr(dag, "params", None), getattr(task, "params", None)
    if not (of_dag or of_task or conf):
        return {}
    params = ParamsDict()
    params.update(of_dag or {})
    params.update(of_task or {})
    for name, value in (conf or {}).items():
        if name in params:
            params[name] = value
        else:
            params[name] = Param(value)
    return params.validate()


def _as_json(value: Any) -> Any:
    """Return the JSON form of a default that DAG files write as a Python object."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, set | frozenset):
        return sorted(value, key=repr)
    return value

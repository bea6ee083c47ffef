"""JSON Schema for params: the validation keywords of draft 2020-12, without references to other documents.

A library would bring four to six distributions, one of them compiled, into every process that parses a DAG
file; params use a small, closed part of the standard. Keywords that are not listed here are annotations
(``title``, ``description``, ``examples`` ...), as the standard wants; ``$ref`` is refused, because ignoring
it would let wrong values pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isclose
from typing import Any, Final

from etesian.foundation.errors import EtesianError
from etesian.sdk.params.json_schema_formats import FORMATS

Schema = Mapping[str, Any]


class SchemaError(EtesianError):
    """A schema that is not one, or that uses what is not supported."""


def find_problem(value: Any, schema: Schema | bool, where: str = "") -> str | None:
    """Return the first reason why ``value`` does not satisfy ``schema``, in words; None when it does.

    Raises:
        SchemaError: the schema itself is wrong.
    """
    return next(iter(_problems(value, schema, where)), None)


def _problems(value: Any, schema: Schema | bool, where: str) -> Iterator[str]:
    if schema is True:
        return
    if schema is False:
        yield _at(where, "no value is allowed here")
        return
    if not isinstance(schema, Mapping):
        raise SchemaError(f"a JSON schema must be an object, got {type(schema).__name__}: {schema!r:.80}")
    if "$ref" in schema:
        raise SchemaError(f"$ref is not supported in the schema of a param: {schema['$ref']!r}")
    for keyword, check in _KEYWORDS.items():
        if keyword in schema:
            yield from check(value, schema[keyword], schema, where)


def _at(where: str, text: str) -> str:
    return f"{where}: {text}" if where else text


# --- any value ----------------------------------------------------------------------------------------------

_TYPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: (
        not isinstance(value, bool)
        and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))
    ),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list | tuple),
    "object": lambda value: isinstance(value, Mapping),
}


def _check_type(value: Any, wanted: Any, schema: Schema, where: str) -> Iterator[str]:
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    for name in names:
        if name not in _TYPES:
            raise SchemaError(f"there is no JSON type {name!r}; there are {', '.join(_TYPES)}")
    if not any(_TYPES[name](value) for name in names):
        yield _at(where, f"{value!r:.80} is not of type {' or '.join(names)}")


def _same(left: Any, right: Any) -> bool:
    """Compare as JSON does: true is not 1, a list equals a tuple."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(_same, left, right))
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    return bool(left == right)


def _check_enum(value: Any, allowed: Any, schema: Schema, where: str) -> Iterator[str]:
    if not any(_same(value, one) for one in allowed):
        yield _at(where, f"{value!r:.80} is not one of {list(allowed)!r:.200}")


def _check_const(value: Any, wanted: Any, schema: Schema, where: str) -> Iterator[str]:
    if not _same(value, wanted):
        yield _at(where, f"{value!r:.80} is not {wanted!r:.80}")


# --- numbers and texts --------------------------------------------------------------------------------------


def _limit(
    kind: Callable[[Any], bool], measure: Callable[[Any], Any], holds: Callable[[Any, Any], bool], text: str
) -> Any:
    """Return a check that compares a measure of the value with the keyword's number."""

    def check(value: Any, limit: Any, schema: Schema, where: str) -> Iterator[str]:
        if kind(value) and not holds(measure(value), limit):
            yield _at(where, text.format(value=f"{value!r:.80}", limit=limit))

    return check


def _is_multiple(value: float, step: float) -> bool:
    quotient = value / step
    return isclose(quotient, round(quotient), rel_tol=1e-12, abs_tol=1e-12)


def _itself(value: Any) -> Any:
    return value


def _check_pattern(value: Any, pattern: str, schema: Schema, where: str) -> Iterator[str]:
    try:
        matches = not isinstance(value, str) or re.search(pattern, value) is not None
    except re.error as error:
        raise SchemaError(f"pattern {pattern!r} is not a regular expression: {error}") from None
    if not matches:
        yield _at(where, f"{value!r:.80} does not match {pattern!r}")


def _check_format(value: Any, name: str, schema: Schema, where: str) -> Iterator[str]:
    check = FORMATS.get(name)
    if check is not None and isinstance(value, str) and not check(value):
        yield _at(where, f"{value!r:.80} is not a {name}")


# --- arrays and objects -------------------------------------------------------------------------------------


def _check_items(value: Any, items: Any, schema: Schema, where: str) -> Iterator[str]:
    if not _TYPES["array"](value):
        return
    skip = len(schema.get("prefixItems", ()))
    for index, item in enumerate(value[skip:], skip):
        yield from _problems(item, items, f"{where}[{index}]")


def _check_prefix_items(value: Any, schemas: Any, schema: Schema, where: str) -> Iterator[str]:
    if _TYPES["array"](value):
        for index, (item, one) in enumerate(zip(value, schemas, strict=False)):
            yield from _problems(item, one, f"{where}[{index}]")


def _check_unique(value: Any, wanted: bool, schema: Schema, where: str) -> Iterator[str]:
    if wanted and _TYPES["array"](value):
        for index, item in enumerate(value):
            if any(_same(item, other) for other in value[:index]):
                yield _at(where, f"{item!r:.80} occurs more than once")
                return


def _check_contains(value: Any, wanted: Any, schema: Schema, where: str) -> Iterator[str]:
    if not _TYPES["array"](value):
        return
    found = sum(1 for item in value if find_problem(item, wanted) is None)
    least, most = schema.get("minContains", 1), schema.get("maxContains")
    if found < least or (most is not None and found > most):
        yield _at(
            where,
            f"{found} items are as `contains` wants; {least} to "
            f"{most if most is not None else 'any number'} are needed",
        )


def _check_required(value: Any, names: Sequence[str], schema: Schema, where: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name in names:
            if name not in value:
                yield _at(where, f"{name!r} is missing")


def _check_properties(value: Any, properties: Mapping[str, Any], schema: Schema, where: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, one in properties.items():
            if name in value:
                yield from _problems(value[name], one, f"{where}.{name}" if where else name)


def _check_pattern_properties(
    value: Any, patterns: Mapping[str, Any], schema: Schema, where: str
) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name in value:
            for pattern, one in patterns.items():
                if re.search(pattern, name):
                    yield from _problems(value[name], one, f"{where}.{name}" if where else name)


def _check_additional(value: Any, one: Any, schema: Schema, where: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        return
    for name in value:
        if name in schema.get("properties", {}) or any(
            re.search(p, name) for p in schema.get("patternProperties", {})
        ):
            continue
        if one is False:
            yield _at(where, f"{name!r} is not one of {', '.join(map(repr, schema.get('properties', {})))}")
        else:
            yield from _problems(value[name], one, f"{where}.{name}" if where else name)


def _check_property_names(value: Any, one: Any, schema: Schema, where: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name in value:
            yield from _problems(name, one, where)


def _check_dependent_required(
    value: Any, needed: Mapping[str, Any], schema: Schema, where: str
) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, others in needed.items():
            if name in value:
                yield from _check_required(value, others, schema, where)


# --- combinations -------------------------------------------------------------------------------------------


def _check_all_of(value: Any, schemas: Any, schema: Schema, where: str) -> Iterator[str]:
    for one in schemas:
        yield from _problems(value, one, where)


def _check_any_of(value: Any, schemas: Any, schema: Schema, where: str) -> Iterator[str]:
    problems = [find_problem(value, one) for one in schemas]
    if None not in problems:
        yield _at(where, f"{value!r:.80} fits none of the alternatives: {'; '.join(map(str, problems))}")


def _check_one_of(value: Any, schemas: Any, schema: Schema, where: str) -> Iterator[str]:
    problems = [find_problem(value, one) for one in schemas]
    fitting = problems.count(None)
    if fitting != 1:
        yield _at(where, f"{value!r:.80} fits {fitting} of the alternatives; exactly one is wanted")


def _check_not(value: Any, one: Any, schema: Schema, where: str) -> Iterator[str]:
    if find_problem(value, one) is None:
        yield _at(where, f"{value!r:.80} is what is not allowed")


def _check_if(value: Any, one: Any, schema: Schema, where: str) -> Iterator[str]:
    branch = schema.get("then" if find_problem(value, one) is None else "else", True)
    yield from _problems(value, branch, where)


_NUMBER, _STRING, _ARRAY, _OBJECT = (_TYPES[name] for name in ("number", "string", "array", "object"))

_KEYWORDS: Final[Mapping[str, Callable[[Any, Any, Schema, str], Iterator[str]]]] = {
    "type": _check_type,
    "enum": _check_enum,
    "const": _check_const,
    "minimum": _limit(_NUMBER, _itself, lambda value, limit: value >= limit, "{value} is less than {limit}"),
    "maximum": _limit(_NUMBER, _itself, lambda value, limit: value <= limit, "{value} is more than {limit}"),
    "exclusiveMinimum": _limit(
        _NUMBER, _itself, lambda value, limit: value > limit, "{value} is not more than {limit}"
    ),
    "exclusiveMaximum": _limit(
        _NUMBER, _itself, lambda value, limit: value < limit, "{value} is not less than {limit}"
    ),
    "multipleOf": _limit(_NUMBER, _itself, _is_multiple, "{value} is not a multiple of {limit}"),
    "minLength": _limit(
        _STRING, len, lambda length, limit: length >= limit, "{value} is shorter than {limit}"
    ),
    "maxLength": _limit(
        _STRING, len, lambda length, limit: length <= limit, "{value} is longer than {limit}"
    ),
    "pattern": _check_pattern,
    "format": _check_format,
    "minItems": _limit(
        _ARRAY, len, lambda length, limit: length >= limit, "{value} has fewer than {limit} items"
    ),
    "maxItems": _limit(
        _ARRAY, len, lambda length, limit: length <= limit, "{value} has more than {limit} items"
    ),
    "uniqueItems": _check_unique,
    "prefixItems": _check_prefix_items,
    "items": _check_items,
    "contains": _check_contains,
    "required": _check_required,
    "properties": _check_properties,
    "patternProperties": _check_pattern_properties,
    "additionalProperties": _check_additional,
    "propertyNames": _check_property_names,
    "dependentRequired": _check_dependent_required,
    "minProperties": _limit(
        _OBJECT, len, lambda length, limit: length >= limit, "{value} has fewer than {limit} entries"
    ),
    "maxProperties": _limit(
        _OBJECT, len, lambda length, limit: length <= limit, "{value} has more than {limit} entries"
    ),
    "allOf": _check_all_of,
    "anyOf": _check_any_of,
    "oneOf": _check_one_of,
    "not": _check_not,
    "if": _check_if,
}

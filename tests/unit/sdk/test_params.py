from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from etesian import DAG, Param
from etesian.sdk.exceptions import ParamValidationError
from etesian.sdk.params.json_schema import SchemaError, find_problem
from etesian.sdk.params.param import ParamsDict, process_params
from etesian.sdk.tasks.operator import BaseOperator
from etesian.spec.dag import ParamSpec


class TestParam:
    def test_a_default_is_checked_when_it_is_used(self) -> None:
        assert Param(5, type="integer", minimum=1).resolve() == 5
        with pytest.raises(ParamValidationError, match="0 is less than 1"):
            Param(0, type="integer", minimum=1).resolve()

    def test_a_value_that_is_refused_leaves_the_old_one(self) -> None:
        param = Param(5, type="integer")
        with pytest.raises(ParamValidationError):
            param.resolve("x")
        assert param.value == 5

    def test_a_param_without_a_value_must_be_given_one(self) -> None:
        param = Param(type="string")
        assert not param.has_value
        with pytest.raises(ParamValidationError, match="no value was given and there is no default"):
            param.resolve()
        assert param.resolve("x") == "x"

    def test_none_is_a_value_where_the_schema_allows_it(self) -> None:
        assert Param(None, type=["null", "string"]).resolve() is None

    def test_python_objects_are_checked_and_described_as_json(self) -> None:
        param = Param(date(2030, 1, 2), type="string", format="date")
        assert param.resolve() == date(2030, 1, 2)
        assert param.to_spec() == ParamSpec(value="2030-01-02", schema={"type": "string", "format": "date"})

    def test_a_schema_may_be_given_whole(self) -> None:
        assert Param(1, schema={"type": "integer"}, title="N").schema == {"type": "integer", "title": "N"}


class TestParamsDict:
    def test_reading_gives_values_and_items_give_params(self) -> None:
        params = ParamsDict({"a": 1, "b": Param(2, type="integer")})
        assert (params["a"], params["b"], len(params), "b" in params) == (1, 2, 2, True)
        assert {name: param.value for name, param in params.items()} == {"a": 1, "b": 2}
        assert params.get_param("b").schema == {"type": "integer"}
        assert params.dump() == {"a": 1, "b": 2}

    def test_assigning_a_value_keeps_the_schema_and_checks_it(self) -> None:
        params = ParamsDict({"n": Param(2, type="integer")})
        params["n"] = 3
        with pytest.raises(ParamValidationError, match="param 'n': 'x' is not of type integer"):
            params["n"] = "x"
        assert params["n"] == 3

    def test_a_copy_does_not_share_params(self) -> None:
        params = ParamsDict({"n": Param(2, type="integer")})
        other = ParamsDict(params)
        other["n"] = 5
        assert params["n"] == 2

    def test_validation_names_the_param(self) -> None:
        with pytest.raises(ParamValidationError, match="param 'n': no value was given"):
            ParamsDict({"n": Param(type="integer")}).validate()


def test_conf_wins_over_the_task_and_the_task_over_the_dag() -> None:
    with DAG("etl", params={"a": 1, "b": 1, "c": 1}) as dag:
        task = BaseOperator(task_id="t", params={"b": 2, "c": 2})
    assert process_params(dag, task, {"c": 3, "d": 3}) == {"a": 1, "b": 2, "c": 3, "d": 3}
    assert process_params(dag, task, None) == {"a": 1, "b": 2, "c": 2}
    assert dag.params.dump() == {"a": 1, "b": 1, "c": 1}


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "integer"}, [1, 2.0], [True, 1.5, "1", None]),
        ({"type": "number"}, [1, 1.5], [True, "1"]),
        ({"type": ["null", "string"]}, [None, "a"], [1, []]),
        ({"type": "boolean"}, [True], [1, "true"]),
        ({"type": "array", "items": {"type": "integer"}}, [[], [1], (1,)], [["a"], "a"]),
        ({"type": "object"}, [{}], [[], "a"]),
        ({"enum": [1, "a", None]}, [1, "a", None], [True, 2]),
        ({"const": {"a": [1]}}, [{"a": [1]}], [{"a": [True]}, {"a": [1], "b": 1}]),
        ({"minimum": 1, "maximum": 3}, [1, 3, "text"], [0, 4]),
        ({"exclusiveMinimum": 1, "exclusiveMaximum": 3}, [2], [1, 3]),
        ({"multipleOf": 0.1}, [0.3, 1], [0.35]),
        ({"minLength": 2, "maxLength": 3}, ["ab", "abc", 5], ["a", "abcd"]),
        ({"pattern": "^a+$"}, ["aa", 5], ["ab"]),
        ({"format": "date"}, ["2030-02-28"], ["2030-02-30", "20300228", "2030-2-3"]),
        (
            {"format": "date-time"},
            ["2030-01-01T00:00:00Z", "2030-01-01T00:00:00+02:00"],
            ["2030-01-01", "2030-01-01T00:00:00"],
        ),
        ({"format": "time"}, ["12:30:00", "12:30:00Z"], ["25:00:00", "noon"]),
        ({"format": "duration"}, ["P1D", "PT5M", "P1Y2M3DT4H"], ["P", "1D", "PT"]),
        ({"format": "email"}, ["a@example.com"], ["a@", "example.com"]),
        ({"format": "uri"}, ["s3://a/b"], ["a b", "nothing"]),
        ({"format": "ipv4"}, ["10.0.0.1"], ["10.0.0.256"]),
        ({"format": "ipv6"}, ["::1"], ["::g"]),
        ({"format": "uuid"}, ["12345678-1234-5678-1234-567812345678"], ["123"]),
        ({"format": "regex"}, ["a+"], ["("]),
        ({"format": "multiline"}, ["anything"], []),
        ({"minItems": 1, "maxItems": 2}, [[1], [1, 2]], [[], [1, 2, 3]]),
        ({"uniqueItems": True}, [[1, True, "a"]], [[1, 1], [[1], [1]]]),
        ({"prefixItems": [{"type": "string"}], "items": {"type": "integer"}}, [["a", 1]], [[1], ["a", "b"]]),
        ({"contains": {"const": 1}, "maxContains": 1}, [[1, 2]], [[2], [1, 1]]),
        ({"required": ["a"]}, [{"a": 1}, 5], [{}]),
        (
            {"properties": {"a": {"type": "integer"}}, "additionalProperties": False},
            [{}, {"a": 1}],
            [{"a": "x"}, {"b": 1}],
        ),
        ({"additionalProperties": {"type": "integer"}}, [{"a": 1}], [{"a": "x"}]),
        ({"patternProperties": {"^x": {"type": "integer"}}}, [{"x1": 1, "y": "a"}], [{"x1": "a"}]),
        ({"propertyNames": {"maxLength": 1}}, [{"a": 1}], [{"ab": 1}]),
        ({"dependentRequired": {"a": ["b"]}}, [{"a": 1, "b": 2}, {}], [{"a": 1}]),
        ({"minProperties": 1, "maxProperties": 1}, [{"a": 1}], [{}, {"a": 1, "b": 1}]),
        ({"allOf": [{"minimum": 1}, {"maximum": 2}]}, [1], [0, 3]),
        ({"anyOf": [{"type": "string"}, {"minimum": 5}]}, ["a", 6], [1]),
        ({"oneOf": [{"multipleOf": 2}, {"multipleOf": 3}]}, [2, 3], [6, 5]),
        ({"not": {"type": "string"}}, [1], ["a"]),
        ({"if": {"const": 1}, "then": {"maximum": 0}, "else": {"maximum": 9}}, [5], [1, 10]),
        ({"title": "Any", "examples": [1], "values_display": {"a": "A"}}, [1, "x", None], []),
    ],
)
def test_schemas_accept_and_refuse_as_the_standard_says(
    schema: dict[str, Any], good: list[Any], bad: list[Any]
) -> None:
    assert [value for value in good if find_problem(value, schema) is not None] == []
    assert [value for value in bad if find_problem(value, schema) is None] == []


def test_a_problem_names_its_place() -> None:
    schema = {"type": "object", "properties": {"rows": {"items": {"required": ["id"]}}}}
    assert find_problem({"rows": [{"id": 1}, {}]}, schema) == "rows[1]: 'id' is missing"


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"$ref": "https://example.com"}, "is not supported"),
        ({"type": "text"}, "there is no JSON type 'text'; there are null, boolean"),
        ({"pattern": "("}, "is not a regular expression"),
        ("integer", "a JSON schema must be an object, got str"),
    ],
)
def test_a_wrong_schema_is_an_error_of_its_own(schema: Any, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        find_problem("x", schema)


def test_the_spec_of_a_param_labels_values_by_text() -> None:
    spec = Param(1, type="integer", enum=[1, 2], values_display={1: "one", 2: "two"}).to_spec()
    assert spec.schema["values_display"] == {"1": "one", "2": "two"}


def test_params_keep_what_a_form_needs() -> None:
    form = Param(
        "a",
        type=["null", "string"],
        title="Pick one",
        description="Which one",
        description_md="**Which** one",
        enum=["a", "b", None],
        values_display={"a": "The first"},
        examples=["a"],
        section="Choices",
        format="multiline",
        minLength=1,
    )
    assert form.to_spec().schema == {
        "type": ["null", "string"],
        "title": "Pick one",
        "description_md": "**Which** one",
        "enum": ["a", "b", None],
        "values_display": {"a": "The first"},
        "examples": ["a"],
        "section": "Choices",
        "format": "multiline",
        "minLength": 1,
    }
    assert form.to_spec().description == "Which one"


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "string", "format": "date"}, "2030-01-02", "2030-13-01"),
        ({"type": "string", "format": "date-time"}, "2030-01-02T03:04:05+00:00", "yesterday"),
        ({"type": "string", "format": "time"}, "03:04:05", "25:00"),
        ({"type": "string", "format": "duration"}, "P3DT4H", "3 days"),
        ({"type": "string", "format": "email"}, "me@example.com", "me"),
        ({"type": "string", "format": "uri"}, "https://example.com/a", "no address"),
        ({"type": "array", "items": {"type": "number"}}, [1, 2.5], ["1"]),
        ({"type": "array", "examples": ["a", "b"]}, ["a"], "a"),
        ({"type": ["object", "null"]}, {"a": 1}, [1]),
        ({"type": "integer", "minimum": 1, "maximum": 9}, 9, 10),
        ({"enum": ["a", "b"]}, "b", "c"),
        ({"type": "string", "pattern": "^[a-z]+$"}, "abc", "ABC"),
    ],
)
def test_every_type_and_format_of_params_is_checked(schema: dict[str, Any], good: Any, bad: Any) -> None:
    assert Param(good, **schema).resolve() == good
    with pytest.raises(ParamValidationError):
        Param(good, **schema).resolve(bad)

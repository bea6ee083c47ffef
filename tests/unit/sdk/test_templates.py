from __future__ import annotations

from collections import namedtuple
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
import pytest

from etesian import DAG
from etesian.operators.bash import BashOperator
from etesian.sdk.context import Context, LazyValue
from etesian.sdk.era import AIRFLOW_1, using_era
from etesian.sdk.running.templates import TemplateRenderError, literal
from etesian.sdk.tasks.operator import BaseOperator

CONTEXT = {"ds": "2030-01-02", "moment": datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC), "number": 5}


class Show(BaseOperator):
    template_fields = ("value",)
    template_ext = (".sql",)

    def __init__(self, *, value: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.value = value


def render(value: Any, **dag_kwargs: Any) -> Any:
    operator = Show(task_id="show", value=value, dag=DAG("etl", **dag_kwargs))
    operator.render_template_fields({**CONTEXT, "dag": operator.dag})
    return operator.value


Pair = namedtuple("Pair", "a b")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("on {{ ds }}", "on 2030-01-02"),
        (["{{ ds }}", 1, None], ["2030-01-02", 1, None]),
        (("{{ ds }}", ("{{ number }}",)), ("2030-01-02", ("5",))),
        ({"k": {"{{ ds }}": "{{ ds }}"}}, {"k": {"{{ ds }}": "2030-01-02"}}),
        ({"{{ number }}"}, {"5"}),
        (Pair("{{ ds }}", 1), Pair("2030-01-02", 1)),
        (5, 5),
        ("plain", "plain"),
        ("one line end goes\n", "one line end goes"),
        ("two\n\n", "two\n"),
        (literal("{{ ds }}"), "{{ ds }}"),
        ([literal("a.sql")], ["a.sql"]),
    ],
)
def test_texts_are_rendered_at_any_depth(value: Any, expected: Any) -> None:
    assert render(value) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ds", "2030-01-02"),
        ("ds_nodash", "20300102"),
        ("ts", "2030-01-02T03:04:05+00:00"),
        ("ts_nodash", "20300102T030405"),
        ("ts_nodash_with_tz", "20300102T030405+0000"),
    ],
)
def test_filters_write_dates(name: str, expected: str) -> None:
    assert render(f"{{{{ moment | {name} }}}}") == expected
    assert render(f"{{{{ none | default(none) | {name} }}}}") == "None"


def test_an_unknown_name_is_an_error_that_names_task_and_field() -> None:
    with pytest.raises(TemplateRenderError) as caught:
        render("{{ dss }}")
    expected = (
        "template field 'value' of <Task(Show): show> cannot be rendered: UndefinedError: 'dss' is undefined"
    )
    assert str(caught.value) == expected


def test_a_bad_template_is_an_error_that_names_task_and_field() -> None:
    with pytest.raises(
        TemplateRenderError, match=r"'value' of <Task.Show.: show> cannot be rendered: TemplateSyntaxError"
    ):
        render("{{ ds ")


def test_a_dag_may_let_unknown_names_be_empty() -> None:
    assert render("[{{ dss }}]", template_undefined=jinja2.Undefined) == "[]"


def test_unknown_names_are_empty_in_a_file_of_the_first_era_unless_its_dag_says_otherwise() -> None:
    with using_era(AIRFLOW_1):
        assert render("<{{ number.foo }}{{ nothing }}>") == "<>"
        with pytest.raises(TemplateRenderError, match="'nothing' is undefined"):
            render("{{ nothing }}", template_undefined=jinja2.StrictUndefined)


def test_native_rendering_gives_objects() -> None:
    assert render("{{ [number, ds] }}", render_template_as_native_obj=True) == [5, "2030-01-02"]
    assert render("{{ number }}") == "5"


def test_values_that_are_computed_late_are_what_they_stand_for() -> None:
    context = Context(
        CONTEXT,
        dag=DAG("etl", render_template_as_native_obj=True),
        late=LazyValue(lambda: None),
        n=LazyValue(lambda: 7),
    )
    operator = Show(task_id="t", value=["{{ n }}", "{{ late is none }}", "{{ late }}"], dag=context["dag"])
    operator.render_template_fields(context)
    assert operator.value == [7, True, None]


def test_a_task_may_choose_native_rendering_for_itself() -> None:
    operator = Show(task_id="t", value="{{ number }}", dag=DAG("etl"), render_template_as_native_obj=True)
    operator.render_template_fields({**CONTEXT, "dag": operator.dag})
    assert operator.value == 5


def test_macros_and_filters_of_the_author_are_known() -> None:
    rendered = render(
        "{{ twice(2) }} {{ 'a' | loud }}",
        user_defined_macros={"twice": lambda n: 2 * n},
        user_defined_filters={"loud": str.upper},
    )
    assert rendered == "4 A"


def test_template_files_are_found_beside_the_dag_and_on_the_search_path(tmp_path: Path) -> None:
    (tmp_path / "query.sql").write_text("select '{{ ds }}' {% include 'part.inc' %}")
    (tmp_path / "part.inc").write_text("from t")
    assert render("query.sql", template_searchpath=str(tmp_path)) == "select '2030-01-02' from t"
    dag = DAG("etl")
    dag.fileloc = str(tmp_path / "dag.py")
    operator = Show(task_id="t", value=["query.sql"], dag=dag)
    operator.render_template_fields({**CONTEXT, "dag": dag})
    assert operator.value == ["select '2030-01-02' from t"]


def test_a_missing_template_file_is_an_error_that_names_it() -> None:
    with pytest.raises(TemplateRenderError, match=r"TemplateNotFound: .*nothing\.sql"):
        render("nothing.sql")


def test_environment_options_of_the_author_count() -> None:
    options = {"variable_start_string": "<<", "variable_end_string": ">>"}
    assert render("<< ds >> {{ ds }}", jinja_environment_kwargs=options) == "2030-01-02 {{ ds }}"


def test_objects_with_template_fields_are_rendered_inside() -> None:
    class Volume:
        template_fields = ("path", "inner")

        def __init__(self, path: str, inner: Any = None) -> None:
            self.path = path
            self.inner = inner

    outer = Volume("{{ ds }}", Volume("{{ number }}"))
    outer.inner.inner = outer  # objects that refer to each other end
    (rendered,) = render([outer])
    assert (rendered.path, rendered.inner.path) == ("2030-01-02", "5")


def test_operators_may_render_objects_of_other_libraries() -> None:
    class Volume:
        def __init__(self, path: str) -> None:
            self.path = path

    class Mount(Show):
        def _render_nested_template_fields(self, content: Any, *args: Any) -> None:
            if isinstance(content, Volume):
                self._do_render_template_fields(content, ("path",), *args)
            else:
                super()._render_nested_template_fields(content, *args)

    operator = Mount(task_id="t", value=[Volume("{{ ds }}"), object()], dag=DAG("etl"))
    operator.render_template_fields({**CONTEXT, "dag": operator.dag})
    assert operator.value[0].path == "2030-01-02"


def test_templates_reach_no_internals_of_python() -> None:
    with pytest.raises(TemplateRenderError, match="SecurityError"):
        render("{{ ds.__class__.__mro__ }}")


def test_names_with_one_underscore_are_reachable_as_files_use_them() -> None:
    class Box:
        _inside = "x"

    operator = Show(task_id="t", value="{{ box._inside }}", dag=DAG("etl"))
    operator.render_template_fields({"box": Box(), "dag": operator.dag})
    assert operator.value == "x"


def test_a_field_that_does_not_exist_is_an_error() -> None:
    class Wrong(Show):
        template_fields = ("valeu",)

    operator = Wrong(task_id="t", value=1, dag=DAG("etl"))
    with pytest.raises(
        TemplateRenderError, match="lists 'valeu' in template_fields but has no such attribute"
    ):
        operator.render_template_fields(CONTEXT)


def test_a_task_without_a_dag_renders_too() -> None:
    operator = BashOperator(task_id="t", bash_command="echo {{ ds }}")
    operator.render_template_fields(CONTEXT)
    assert operator.bash_command == "echo 2030-01-02"


def test_an_error_in_a_macro_is_the_authors_own() -> None:
    def fail() -> None:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        render("{{ fail() }}", user_defined_macros={"fail": fail})


def test_a_function_in_a_template_field_gives_the_value() -> None:
    task = Show(task_id="t", value=lambda context, jinja_env: f"{context['ds']} {{{{ ds }}}}")
    task.render_template_fields(CONTEXT)
    assert task.value == "2030-01-02 {{ ds }}"

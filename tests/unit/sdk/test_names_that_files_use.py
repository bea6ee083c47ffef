"""The context keys, attributes, template names and filters that DAG files of all eras were counted to use."""

from __future__ import annotations

from typing import Any, Final

import pytest

from etesian import DAG, Asset, task
from etesian.sdk.tasks.operator import BaseOperator
from etesian.testing import RunResult, run_dag

DATE: Final = "2030-01-02T03:04:05+00:00"
ORDERS: Final = Asset("orders")


class Show(BaseOperator):
    """Returns its rendered text."""

    template_fields = ("text",)

    def __init__(self, *, text: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.text = text

    def execute(self, context: Any) -> Any:
        return self.text


def run(dag: DAG) -> RunResult:
    return run_dag(
        dag,
        run_id="r1",
        logical_date=DATE,
        run_type="scheduled",
        conf={"name": "given"},
        variables={"bucket": "b", "parts": {"a": 1}},
        connections={"db": "postgres://me:word@host:5432/schema?a=1"},
    )


#: by template: what it renders to
EXPRESSIONS: Final = {
    "{{ ds }} {{ ds_nodash }}": "2030-01-02 20300102",
    "{{ ts }} {{ ts_nodash }} {{ ts_nodash_with_tz }}": (
        "2030-01-02T03:04:05+00:00 20300102T030405 20300102T030405+0000"
    ),
    "{{ yesterday_ds }} {{ tomorrow_ds }} {{ yesterday_ds_nodash }}": "2030-01-01 2030-01-03 20300101",
    "{{ prev_ds }} {{ next_ds }}": "2030-01-02 2030-01-02",
    "{{ logical_date }}": "2030-01-02 03:04:05+00:00",
    "{{ execution_date.isoformat() }}": DATE,
    "{{ execution_date.strftime('%Y/%m') }} {{ execution_date.minute }}": "2030/01 4",
    "{{ logical_date.replace(minute=0).isoformat() }}": "2030-01-02T03:00:05+00:00",
    "{{ data_interval_start }}": "2030-01-02 03:04:05+00:00",
    "{{ data_interval_end.at(0).isoformat() }}": "2030-01-02T00:00:00+00:00",
    "{{ data_interval_end.subtract(days=1).to_date_string() }}": "2030-01-01",
    "{{ next_execution_date.strftime('%H:%M') }}": "03:05",
    "{{ ds[:4] }} {{ ds.split('-')[1] }} {{ ds_nodash[4:6] }}": "2030 01 01",
    "{{ dag.dag_id }} {{ dag_run.dag_id }} {{ run_id }} {{ dag_run.run_id }}": "etl etl r1 r1",
    "{{ dag_run.conf['name'] }} {{ dag_run.conf.name }} {{ dag_run.conf.get('no', 'x') }}": "given given x",
    "{{ dag_run.logical_date.strftime('%b').lower() }} {{ dag_run.external_trigger }}": "jan False",
    "{{ dag_run.end_date }} {{ dag_run.start_date is not none }}": "None True",
    "{{ params.size }} {{ params['size'] }}": "5 5",
    "{{ var.value.bucket }} {{ var.value.get('never', 'default') }}": "b default",
    "{{ var.json.parts.a }} {{ var.json.get('parts')['a'] }}": "1 1",
    "{{ conn.db.host }} {{ conn.db.login }} {{ conn.db.port }} {{ conn.db.extra_dejson.a }}": "host me 5432 1",
    "{{ task.task_id }} {{ task.text|length > 0 }} {{ ti.task_id }} {{ task_instance.task_id }}": (
        "show True show show"
    ),
    "{{ ti.try_number }} {{ try_number }} {{ ti.map_index }} {{ ti.hostname|length > 0 }}": "1 1 -1 True",
    "{{ task_instance_key_str }} {{ test_mode }}": "etl__show__20300102 False",
    "{{ ti.xcom_pull(task_ids='push') }} {{ ti.xcom_pull('push', key='k') }}": "{'list': [1, 2]} v",
    "{{ task_instance.xcom_pull(task_ids='push')['list'][0] }}": "1",
    "{{ ti.xcom_pull(task_ids=['push'])[0].list[1] }}": "2",
    "{{ macros.ds_add(ds, 7) }} {{ macros.ds_format(ds, '%Y-%m-%d', '%d.%m.%y') }}": "2030-01-09 02.01.30",
    "{{ execution_date - macros.timedelta(days=1) }}": "2030-01-01 03:04:05+00:00",
    "{{ macros.datetime(2030, 1, 1).year }} {{ macros.dateutil.parser.parse('2030-01-02').day }}": "2030 2",
    "{{ logical_date | ds }} {{ logical_date | ds_nodash }}": "2030-01-02 20300102",
    "{{ logical_date | ts }} {{ logical_date | ts_nodash }}": "2030-01-02T03:04:05+00:00 20300102T030405",
    "{{ 5 | string }}{{ '7' | int + 1 }}{{ 'A' | lower }}{{ '1.5' | float }}": "58a1.5",
    "{{ none | default('d', true) }} {{ {'a': 1} | tojson }} {{ 'ab' | replace('a', 'c') }}": 'd {"a": 1} cb',
    "{{ inlet_events[inlets[0]] | length }} {{ outlets | length }}": "0 0",
    "{{ prev_start_date_success }} {{ prev_data_interval_end_success }}": "None None",
    "{% for item in [1, 2] %}{{ item }},{% endfor %}{% if params.size > 4 %}big{% endif %}": "1,2,big",
    "{% set name = 'x' %}{{ name }} {{ conf.get('core', 'dags_folder', fallback='') is string }}": "x True",
}


@pytest.mark.parametrize("template", EXPRESSIONS)
def test_every_template_name_that_files_use_gives_its_value(template: str) -> None:
    @task
    def push(ti: Any = None) -> Any:
        ti.xcom_push(key="k", value="v")
        return {"list": [1, 2]}

    with DAG("etl", schedule="* * * * *", params={"size": 5}) as dag:
        push() >> Show(task_id="show", text=template, inlets=[ORDERS])
    assert run(dag).task("show").xcom == EXPRESSIONS[template]


KEYS: Final = [
    "dag_run", "params", "ti", "task_instance", "execution_date", "conf", "task", "dag", "logical_date",
    "ds", "data_interval_start", "outlet_events", "ts_nodash", "prev_start_date_success", "inlet_events",
    "test_mode", "triggering_asset_events", "run_id", "ts", "data_interval_end", "prev_ds",
    "next_execution_date", "task_instance_key_str", "templates_dict",
]  # fmt: skip


def test_every_context_key_that_files_read_is_there_by_key_and_as_an_argument() -> None:
    source = f"def show({', '.join(f'{key}=None' for key in KEYS)}, **context):\n    return dict(context, **locals())"
    namespace: dict[str, Any] = {}
    exec(source, namespace)  # a function that names them all
    seen: dict[str, Any] = {}

    @task
    def read(**context: Any) -> None:
        seen.update({key: context[key] for key in KEYS})
        seen["named"] = namespace["show"](**context)

    with DAG("etl") as dag:
        read()
    run(dag)
    assert set(seen) == {*KEYS, "named"}
    assert set(KEYS) <= set(seen["named"])


TI: Final = [
    "xcom_push", "xcom_pull", "task_id", "dag_id", "state", "try_number", "dag_run", "log_url",
    "execution_date", "map_index", "get_dagrun", "run_id", "max_tries", "operator", "duration", "end_date",
    "get_previous_ti", "get_template_context", "hostname", "previous_ti", "start_date", "task", "job_id",
]  # fmt: skip
RUN: Final = [
    "conf", "run_id", "run_after", "start_date", "external_trigger", "get_task_instances", "state",
    "partition_date", "partition_key", "logical_date", "dag_id", "end_date", "queued_at",
    "data_interval_end", "data_interval_start", "execution_date", "get_state", "id", "run_type",
]  # fmt: skip
OF_DAG: Final = [
    "doc_md", "cli", "dag_id", "catchup", "default_args", "test", "schedule_interval", "fileloc",
    "following_schedule", "is_active", "start_date", "tasks", "tags", "add_task", "doc_md", "get_task",
    "params", "schedule", "safe_dag_id",
]  # fmt: skip


def test_a_task_sees_itself_in_the_run_before() -> None:
    @task
    def look(ti: Any = None, dag_run: Any = None) -> Any:
        before = ti.previous_ti
        return None if before is None else (before.run_id, before.state, dag_run.id > 0)

    with DAG("etl", schedule="@daily") as dag:
        look()
    first = run_dag(dag, run_id="one", logical_date="2030-01-01T00:00+00:00")
    second = run_dag(dag, run_id="two", logical_date="2030-01-02T00:00+00:00", after=first)
    assert (first.task("look").xcom, second.task("look").xcom) == (None, ("one", "success", True))


def test_every_attribute_that_files_read_is_there() -> None:
    missing: list[str] = []

    @task
    def look(ti: Any = None, dag_run: Any = None, dag: Any = None, **context: Any) -> None:
        for name, thing, attributes in (("ti", ti, TI), ("dag_run", dag_run, RUN), ("dag", dag, OF_DAG)):
            missing.extend(f"{name}.{attribute}" for attribute in attributes if not hasattr(thing, attribute))
        template = context["task"].render_template("{{ ds }}", {"ds": "rendered"})
        assert template == "rendered"
        assert context["task"].get_flat_relatives(upstream=True) == []

    with DAG("etl") as dag:
        look()
    assert run(dag).states == {"look": "success"}
    assert " ".join(missing) == ""

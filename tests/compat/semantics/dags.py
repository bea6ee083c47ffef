"""DAGs that Airflow 2.10, Airflow 3.3 and we import alike, to compare what their tasks come to."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from airflow import DAG
from airflow.decorators import setup, task, task_group, teardown
from airflow.exceptions import AirflowFailException, AirflowSkipException

try:
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.providers.standard.operators.python import (
        BranchPythonOperator,
        PythonOperator,
        ShortCircuitOperator,
    )
    from airflow.providers.standard.sensors.python import PythonSensor
except ImportError:
    from airflow.operators.empty import EmptyOperator
    from airflow.operators.python import BranchPythonOperator, PythonOperator, ShortCircuitOperator
    from airflow.sensors.python import PythonSensor

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
COMMON = {"start_date": START, "schedule": None, "catchup": False}
NOW = timedelta(0)


def fail():
    raise ValueError("as asked")


def skip():
    raise AirflowSkipException("as asked")


def ok(task_id, **kwargs):
    return EmptyOperator(task_id=task_id, **kwargs)


def py(task_id, function, **kwargs):
    return PythonOperator(task_id=task_id, python_callable=function, **kwargs)


RULES = (
    "all_success all_failed all_done all_done_min_one_success all_done_setup_success one_success one_failed one_done "
    "none_failed none_failed_min_one_success none_skipped always all_skipped"
).split()
RULES_OF_USERS = [rule for rule in RULES if rule not in ("all_done_setup_success", "all_done_min_one_success")]
MIXES = ("s", "f", "k", "u", "sf", "sk", "su", "fk", "fu", "ku", "sfk", "sku", "sfku")

with DAG("rules", **COMMON):
    above = {"s": py("s", lambda: None), "f": py("f", fail), "k": py("k", skip), "u": ok("u")}
    above["f"] >> above["u"]
    for rule in RULES_OF_USERS:
        for mix in MIXES:
            [above[letter] for letter in mix] >> ok(f"{rule}__{mix}", trigger_rule=rule)

with DAG("branch", **COMMON):
    choose = BranchPythonOperator(task_id="choose", python_callable=lambda: "a")
    a, b = ok("a"), ok("b")
    choose >> [a, b] >> ok("join", trigger_rule="none_failed_min_one_success")
    [a, b] >> ok("strict_join")
    b >> ok("after_b") >> ok("after_after_b", trigger_rule="all_done")

with DAG("branch_several", **COMMON):
    choose = BranchPythonOperator(task_id="choose", python_callable=lambda: ["a", "b"])
    choose >> [ok("a"), ok("b"), ok("c")]

with DAG("branch_none", **COMMON):
    choose = BranchPythonOperator(task_id="choose", python_callable=lambda: None)
    choose >> [ok("a"), ok("b")]

with DAG("branch_to_join", **COMMON):
    choose = BranchPythonOperator(task_id="choose", python_callable=lambda: "join")
    a, join = ok("a"), ok("join", trigger_rule="none_failed_min_one_success")
    choose >> [a, join]
    a >> join

with DAG("branch_around", **COMMON):
    choose = BranchPythonOperator(task_id="choose", python_callable=lambda: "a")
    a, c = ok("a"), ok("c")
    choose >> a >> c
    choose >> c

with DAG("branch_to_group", **COMMON):
    choose = BranchPythonOperator(task_id="choose", python_callable=lambda: "chosen")

    @task_group
    def chosen():
        ok("first") >> ok("second")

    @task_group
    def other():
        ok("first") >> ok("second")

    choose >> [chosen(), other()]

with DAG("branch_unknown", **COMMON):
    choose = BranchPythonOperator(task_id="choose", python_callable=lambda: "nowhere")
    choose >> [ok("a"), ok("b")]

with DAG("short_circuit", **COMMON):
    stop = ShortCircuitOperator(task_id="stop", python_callable=lambda: False)
    go = ShortCircuitOperator(task_id="go", python_callable=lambda: True)
    stop >> ok("a") >> ok("a_done", trigger_rule="all_done")
    go >> ok("b") >> ok("b_done", trigger_rule="all_done")

with DAG("short_circuit_direct", **COMMON):
    stop = ShortCircuitOperator(
        task_id="stop", python_callable=lambda: False, ignore_downstream_trigger_rules=False
    )
    stop >> ok("a") >> ok("b") >> ok("c", trigger_rule="all_done")

with DAG("teardown_after_failure", **COMMON):
    with_setup, work, down = py("up", lambda: 1), py("work", fail), py("down", lambda: 1)
    with_setup.as_setup()
    with_setup >> work >> down.as_teardown(setups=with_setup)
    work >> ok("after")

with DAG("teardown_fails", **COMMON):
    with_setup, work, down = py("up", lambda: 1), py("work", lambda: 1), py("down", fail)
    with_setup.as_setup() >> work >> down.as_teardown(setups=with_setup)

with DAG("teardown_fails_run", **COMMON):
    with_setup, work, down = py("up", lambda: 1), py("work", lambda: 1), py("down", fail)
    with_setup.as_setup() >> work >> down.as_teardown(setups=with_setup, on_failure_fail_dagrun=True)

with DAG("setup_fails", **COMMON):
    with_setup, work, down = py("up", fail), py("work", lambda: 1), py("down", lambda: 1)
    with_setup.as_setup() >> work >> down.as_teardown(setups=with_setup)

with DAG("setup_skips", **COMMON):
    with_setup, work, down = py("up", skip), py("work", lambda: 1), py("down", lambda: 1)
    with_setup.as_setup() >> work >> down.as_teardown(setups=with_setup)

with DAG("teardown_decorated", **COMMON):

    @setup
    def make():
        return "cluster"

    @task
    def use(name):
        raise AirflowSkipException

    @teardown
    def delete(name):
        return f"{name} deleted"

    made = make()
    with delete(made):
        use(made)

with DAG("mapped", **COMMON):

    @task
    def numbers():
        return [1, 2, 3]

    @task
    def double(x):
        return 2 * x

    @task
    def add_up(xs):
        return sum(xs)

    doubled = double.expand(x=numbers())
    add_up(doubled)
    again = double.override(task_id="again").expand(x=doubled)

with DAG("mapped_empty", **COMMON):

    @task
    def nothing():
        return []

    @task
    def each(x):
        return x

    @task
    def after(xs):
        return list(xs)

    @task(trigger_rule="all_done")
    def after_all(xs):
        return list(xs)

    found = each.expand(x=nothing())
    after(found)
    after_all(found)

with DAG("mapped_partly_failed", **COMMON):

    @task
    def picky(x):
        if x == 2:
            raise ValueError(x)
        if x == 3:
            raise AirflowSkipException
        return x

    @task(trigger_rule="all_done")
    def collect(xs):
        return [x for x in xs if x is not None]

    picked = picky.expand(x=[1, 2, 3, 4])
    collect(picked)
    picked >> [
        ok("strict"),
        ok("one_failed", trigger_rule="one_failed"),
        ok("one_success", trigger_rule="one_success"),
        ok("none_skipped", trigger_rule="none_skipped"),
        ok("all_failed", trigger_rule="all_failed"),
    ]

with DAG("mapped_upstream_failed", **COMMON):

    @task
    def broken():
        raise ValueError

    @task
    def each_of(x):
        return x

    each_of.expand(x=broken()) >> ok("after")

with DAG("mapped_upstream_skipped", **COMMON):

    @task
    def skipped():
        raise AirflowSkipException

    @task
    def each_one(x):
        return x

    each_one.expand(x=skipped()) >> ok("after")

with DAG("mapped_product", **COMMON):

    @task
    def pair(x, y):
        return f"{x}{y}"

    @task
    def together(kwargs=None, a=0, b=0):
        return a + b

    pair.expand(x=["a", "b"], y=[1, 2, 3])
    pair.override(task_id="partial").partial(x="z").expand(y={"k": 1, "l": 2})
    together.expand_kwargs([{"a": 1, "b": 2}, {"a": 3}])

with DAG("mapped_functions", **COMMON):

    @task
    def names():
        return ["a", "", "c"]

    @task
    def lengths():
        return [1, 2]

    @task
    def show(x):
        return str(x)

    def refuse_empty(name):
        if not name:
            raise AirflowSkipException
        return name.upper()

    show.expand(x=names().map(refuse_empty))
    show.override(task_id="zipped").expand(x=names.override(task_id="more")().zip(lengths(), fillvalue="-"))

with DAG("mapped_group", **COMMON):

    @task_group
    def steps(x):
        @task
        def first(x):
            if x == 2:
                raise ValueError(x)
            return x * 10

        @task
        def second(y):
            return y + 1

        @task(trigger_rule="one_failed")
        def alarm():
            return "ring"

        begun = first(x)
        second(begun)
        begun >> alarm()

    @task(trigger_rule="all_done")
    def end():
        return "end"

    steps.expand(x=[1, 2, 3]) >> end()

with DAG("tries", **COMMON):

    @task(retries=3, retry_delay=NOW)
    def third_time(ti=None):
        if ti.try_number < 3:
            raise ValueError(ti.try_number)
        return ti.try_number

    @task(retries=1, retry_delay=NOW)
    def never(ti=None):
        raise ValueError(ti.try_number)

    @task(retries=5, retry_delay=NOW)
    def gives_up():
        raise AirflowFailException

    @task(retries=2, retry_delay=NOW)
    def skips():
        raise AirflowSkipException

    third_time() >> ok("after_third_time")
    never() >> ok("after_never")
    gives_up()
    skips() >> ok("after_skips")

with DAG("leaf_hides_failure", **COMMON):
    py("work", fail) >> ok("clean_up", trigger_rule="all_done")

with DAG("leaf_skipped", **COMMON):
    ok("work") >> py("last", skip)

with DAG("all_skipped_run", **COMMON):
    py("work", skip) >> ok("last")

with DAG("watcher", **COMMON):
    steps_ = [ok("a"), py("b", fail), ok("c", trigger_rule="all_done")]
    steps_[0] >> steps_[1] >> steps_[2]
    steps_ >> py("watch", fail, trigger_rule="one_failed")

with DAG("skips_spread", **COMMON):
    py("k", skip) >> ok("a") >> ok("b") >> ok("c", trigger_rule="none_failed") >> ok("d")

with DAG("groups", **COMMON):

    @task_group
    def outer():
        @task_group
        def inner():
            ok("a") >> ok("b")

        inner() >> ok("c")

    @task_group(group_id="last")
    def last_group():
        ok("z")

    ok("start") >> outer() >> last_group()

with DAG("sensors", **COMMON):
    PythonSensor(task_id="at_once", python_callable=lambda: True)
    PythonSensor(task_id="late", python_callable=lambda: False, timeout=0, poke_interval=0.01)
    soft = PythonSensor(
        task_id="soft", python_callable=lambda: False, timeout=0, poke_interval=0.01, soft_fail=True
    )
    soft >> ok("after_soft")
    PythonSensor(task_id="fails", python_callable=fail, poke_interval=0.01)

with DAG("xcoms", **COMMON):

    @task(multiple_outputs=True)
    def several():
        return {"one": 1, "two": [2]}

    @task
    def push(ti=None):
        ti.xcom_push(key="own", value={"k": [1, None]})

    @task
    def pull(one, ti=None):
        return {
            "one": one,
            "whole": ti.xcom_pull(task_ids="several"),
            "two": ti.xcom_pull(task_ids="several", key="two"),
            "own": ti.xcom_pull(task_ids="push", key="own"),
            "nothing": ti.xcom_pull(task_ids="push"),
            "default": ti.xcom_pull(task_ids="push", key="other", default="d"),
            "list": list(ti.xcom_pull(task_ids=["several", "push"])),
            "unknown": ti.xcom_pull(task_ids="nobody"),
        }

    parts = several()
    push() >> pull(parts["one"])


def echo(**kwargs):
    return kwargs["shown"]


def show_templates(task_id, templates, **kwargs):
    return PythonOperator(task_id=task_id, python_callable=echo, op_kwargs={"shown": templates}, **kwargs)


with DAG("params", params={"name": "default", "count": 3}, **COMMON):
    show_templates(
        "shown",
        {
            "name": "{{ params.name }}",
            "count": "{{ params.count + 1 }}",
            "conf": "{{ dag_run.conf }}",
            "run_type": "{{ dag_run.run_type }}",
            "ids": "{{ dag.dag_id }}.{{ task.task_id }}.{{ ti.task_id }}",
        },
    )
    show_templates("own", "{{ params.name }}-{{ params.count }}", params={"count": 4})

with DAG("native", render_template_as_native_obj=True, **COMMON):
    show_templates("shown", {"list": "{{ [1, 2] }}", "number": "{{ 1 + 1 }}", "text": "a {{ 1 }}", "none": "{{ None }}"})

with DAG("macros", **COMMON):
    show_templates(
        "shown",
        [
            "{{ macros.ds_add('2026-01-31', 1) }}",
            "{{ macros.ds_add(ds, -35) }}",
            "{{ macros.ds_format(ds, '%Y-%m-%d', '%d/%m/%y') }}",
            "{{ macros.datetime(2026, 1, 2).isoformat() }}",
            "{{ (logical_date + macros.timedelta(days=3)) | ds }}",
            "{{ logical_date | ts_nodash }}",
            "{{ logical_date | ds_nodash }} {{ logical_date | ts }} {{ logical_date | ts_nodash_with_tz }}",
            "{{ var.value.get('missing', 'fallback') }}",
            "{{ ti.xcom_pull('nobody') }}",
        ],
    )

DATES = {
    "ds": "{{ ds }}",
    "ds_nodash": "{{ ds_nodash }}",
    "ts": "{{ ts }}",
    "ts_nodash": "{{ ts_nodash }}",
    "ts_nodash_with_tz": "{{ ts_nodash_with_tz }}",
    "logical_date": "{{ logical_date }}",
    "data_interval_start": "{{ data_interval_start }}",
    "data_interval_end": "{{ data_interval_end }}",
    "prev_start_success": "{{ prev_data_interval_start_success }}",
    "run_id": "{{ run_id }}",
    "dag_run_date": "{{ dag_run.logical_date }}",
}
OLD_DATES = {
    "execution_date": "{{ execution_date }}",
    "next_ds": "{{ next_ds }}",
    "prev_ds": "{{ prev_ds }}",
    "prev_execution_date": "{{ prev_execution_date }}",
    "next_execution_date": "{{ next_execution_date }}",
    "tomorrow_ds": "{{ tomorrow_ds }}",
    "yesterday_ds": "{{ yesterday_ds }}",
    "yesterday_ds_nodash": "{{ yesterday_ds_nodash }}",
}
SCHEDULES = {
    "none": None,
    "daily": "@daily",
    "hourly": "@hourly",
    "weekly": "@weekly",
    "monthly": "@monthly",
    "cron": "30 6 * * 1-5",
    "delta": timedelta(hours=8),
    "once": "@once",
}
for _name, _schedule in SCHEDULES.items():
    with DAG(f"dates_{_name}", start_date=START, schedule=_schedule, catchup=False) as _dag:
        show_templates("dates", DATES)
    globals()[_dag.dag_id] = _dag
    with DAG(f"old_dates_{_name}", start_date=START, schedule=_schedule, catchup=False) as _dag:
        show_templates("dates", OLD_DATES)
    globals()[_dag.dag_id] = _dag

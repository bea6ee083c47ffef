"""Every argument that a DAG or a task had in some version of Airflow can be given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import jinja2
import pytest

from etesian import DAG, Asset, task
from etesian import dag as dag_decorator
from etesian.operators.empty import EmptyOperator
from etesian.sdk.assets.asset_access import AssetAccessControl
from etesian.sdk.dags.deadline import DeadlineAlert, DeadlineReference
from etesian.sdk.dags.parsing_context import get_parsing_context
from etesian.sdk.dags.spec_building import build_spec
from etesian.sdk.exceptions import InvalidDagError
from etesian.sdk.graph.scope import DagContext
from etesian.sdk.tasks.operator import BaseOperator
from etesian.sdk.tasks.retry_policy import ExceptionRetryPolicy, RetryAction, RetryRule
from etesian.sdk.tasks.taskflow import result

START: Final = datetime(2030, 1, 1, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)
ALERT: Final = DeadlineAlert(
    reference=DeadlineReference.DAGRUN_QUEUED_AT, interval=HOUR, callback=lambda context: None
)

#: by name: a value that files give
DAG_ARGUMENTS: Final[dict[str, Any]] = {
    "access_control": {"team": {"can_read"}},
    "allowed_run_types": "manual",
    "auto_register": True,
    "catchup": True,
    "concurrency": 4,
    "dag_display_name": "Shown",
    "dagrun_timeout": HOUR,
    "deadline": [ALERT],
    "default_args": {"owner": "me"},
    "default_view": "graph",
    "description": "What it does",
    "disable_bundle_versioning": True,
    "doc_md": "# Title",
    "end_date": START + HOUR,
    "fail_fast": True,
    "fail_stop": True,
    "full_filepath": "/dags/a.py",
    "is_paused_upon_creation": True,
    "jinja_environment_kwargs": {"trim_blocks": True},
    "max_active_runs": 1,
    "max_active_tasks": 2,
    "max_consecutive_failed_dag_runs": 3,
    "on_failure_callback": [print],
    "on_success_callback": print,
    "orientation": "LR",
    "owner_links": {"me": "mailto:me@example.com"},
    "params": {"n": 1},
    "render_template_as_native_obj": True,
    "rerun_with_latest_version": True,
    "schedule": "@daily",
    "schedule_interval": "@daily",
    "sla_miss_callback": print,
    "start_date": START,
    "tags": ["a"],
    "template_searchpath": "/templates",
    "template_undefined": jinja2.StrictUndefined,
    "user_defined_filters": {"f": str},
    "user_defined_macros": {"m": 1},
}
TASK_ARGUMENTS: Final[dict[str, Any]] = {
    "adhoc": True,
    "allow_nested_operators": False,
    "default_args": {"owner": "me"},
    "depends_on_past": True,
    "do_xcom_push": False,
    "doc": "text",
    "doc_json": "{}",
    "doc_md": "# Title",
    "doc_rst": "Title",
    "doc_yaml": "a: 1",
    "email": ["me@example.com"],
    "email_on_failure": False,
    "email_on_retry": False,
    "end_date": START + HOUR,
    "execution_timeout": HOUR,
    "executor": "local",
    "executor_config": {"pod": 1},
    "ignore_first_depends_on_past": False,
    "inlets": [Asset("in")],
    "logger_name": "mine",
    "map_index_template": "{{ task.task_id }}",
    "max_active_tis_per_dag": 1,
    "max_active_tis_per_dagrun": 1,
    "max_retry_delay": HOUR,
    "multiple_outputs": True,
    "on_execute_callback": print,
    "on_failure_callback": [print],
    "on_retry_callback": print,
    "on_skipped_callback": print,
    "on_success_callback": print,
    "outlets": [Asset("out")],
    "owner": "me",
    "params": {"n": 1},
    "pool": "db",
    "pool_slots": 2,
    "post_execute": print,
    "pre_execute": print,
    "priority_weight": 3,
    "provide_context": True,
    "queue": "big",
    "render_template_as_native_obj": True,
    "resources": {"cpus": 1},
    "retries": 2,
    "retry_delay": HOUR,
    "retry_exponential_backoff": True,
    "retry_policy": ExceptionRetryPolicy(rules=[RetryRule(exception=ValueError, action=RetryAction.FAIL)]),
    "run_as_user": "nobody",
    "sla": HOUR,
    "start_date": START,
    "task_concurrency": 1,
    "task_display_name": "Shown",
    "trigger_rule": "all_done",
    "wait_for_downstream": True,
    "wait_for_past_depends_before_skipping": True,
    "weight_rule": "upstream",
    "xcom_push": True,
}


@pytest.mark.parametrize("name", DAG_ARGUMENTS)
def test_every_argument_of_a_dag_is_accepted(name: str) -> None:
    dag = DAG("etl", **{name: DAG_ARGUMENTS[name]})
    assert build_spec(dag, file="etl.py").dag_id == "etl"


@pytest.mark.parametrize("name", TASK_ARGUMENTS)
def test_every_argument_of_a_task_is_accepted(name: str) -> None:
    with DAG("etl") as dag:
        BaseOperator(task_id="t", **{name: TASK_ARGUMENTS[name]})
    assert build_spec(dag, file="etl.py").task("t").task_id == "t"


def test_one_allowed_run_type_may_stand_alone() -> None:
    assert build_spec(DAG("etl", allowed_run_types="manual"), file="etl.py").allowed_run_types == ("manual",)


def test_documentation_may_lie_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "etl.md"
    file.write_text("# The ETL")
    assert DAG("etl", doc_md=str(file)).doc_md == "# The ETL"
    assert DAG("etl", doc_md="missing.md").doc_md == "missing.md"


@pytest.mark.parametrize("argument", ["doc", "doc_md", "doc_json", "doc_yaml", "doc_rst"])
def test_documentation_of_a_task_may_be_of_any_format(argument: str) -> None:
    with DAG("etl") as dag:
        EmptyOperator(task_id="t", **{argument: "text"})
    assert build_spec(dag, file="etl.py").task("t").doc == "text"


def test_a_dag_is_the_files_only_if_it_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DagContext, "autoregistered_dags", {})
    monkeypatch.setattr(DagContext, "current_autoregister_module_name", "etl")
    with DAG("kept"), DAG("left_out", auto_register=False):
        pass
    assert [dag.dag_id for dag, _ in DagContext.autoregistered_dags] == ["kept"]


def test_the_result_of_a_dag_is_named() -> None:
    @task
    def one() -> int:
        return 1

    with DAG("marked") as marked:
        result(task(task_id="two")(lambda: 2))()
        one()
    assert [each.task_id for each in build_spec(marked, file="f").tasks if each.returns_dag_result] == ["two"]

    @dag_decorator
    def returned() -> object:
        return one()

    assert build_spec(returned(), file="f").task("one").returns_dag_result
    with pytest.raises(TypeError, match="@result goes above a @task decorator"):
        result(print)  # type: ignore[arg-type]


def test_a_file_can_ask_which_dag_it_is_parsed_for() -> None:
    assert get_parsing_context() == (None, None)


def test_who_may_produce_and_consume_an_asset_is_kept() -> None:
    access = AssetAccessControl(producer_teams=["a"], allow_global=False)
    kept = Asset("orders", access_control=access).access_control
    assert (kept.producer_teams, kept.consumer_teams, kept.allow_global) == (["a"], None, False)
    with pytest.raises(InvalidDagError, match="consumer_teams of an asset needs names of teams, got ' '"):
        AssetAccessControl(consumer_teams=[" "])

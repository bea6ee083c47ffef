"""A project's plugins and local settings, in the processes of a local run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

PLUGIN = """
import os
from pathlib import Path

from airflow.listeners import hookimpl
from airflow.models import TaskInstance
from airflow.models.baseoperator import BaseOperatorLink
from airflow.operators.bash import BashOperator
from airflow.plugins_manager import AirflowPlugin


def shout(text):
    return text.upper()


def tell(*words):
    with Path(os.environ["TOLD"]).open("a") as file:
        print(*words, file=file)


class Listener:
    @hookimpl
    def on_task_instance_running(self, previous_state, task_instance):
        is_stored = isinstance(task_instance, TaskInstance)
        tell("stored" if is_stored else "running", task_instance.task_id, task_instance.queue)

    @hookimpl
    def on_task_instance_success(self, task_instance, session):
        tell("success", task_instance.task_id)

    @hookimpl
    def on_task_instance_failed(self, task_instance, error):
        tell("failed", task_instance.task_id, type(error).__name__)

    @hookimpl
    def on_dag_run_failed(self, dag_run, msg):
        tell("run failed", dag_run.dag_id, "of", len(dag_run.dag.tasks), "tasks")

    @hookimpl
    def before_stopping(self, component):
        tell("stopping")


class Broken:
    @hookimpl
    def on_task_instance_success(self, task_instance):
        raise ValueError("listeners cannot fail a task")


class Manual(BaseOperatorLink):
    name = "Manual"

    def get_link(self, operator, *, ti_key):
        return f"https://example.org/{ti_key.task_id}"


class ShoutOperator(BashOperator):
    pass


class Shouting(AirflowPlugin):
    name = "shouting"
    macros = [shout]
    operators = [ShoutOperator]
    listeners = [Listener(), Broken()]
    global_operator_extra_links = [Manual()]
"""

SETTINGS = """
from airflow.exceptions import AirflowClusterPolicySkipDag, AirflowClusterPolicyViolation


def dag_policy(dag):
    dag.tags.add("seen")
    if dag.dag_id == "secret":
        raise AirflowClusterPolicySkipDag("not here")


def task_policy(task):
    if task.owner == "nobody":
        raise AirflowClusterPolicyViolation(f"task {task.task_id} needs an owner")
    task.retries = 0


def task_instance_mutation_hook(task_instance):
    task_instance.queue = "mutated"


def pod_mutation_hook(pod):
    pod["seen"] = True
"""

DAG_FILE = """
from datetime import datetime

from airflow import DAG
from airflow.macros.shouting import shout
from airflow.operators.shouting import ShoutOperator

with DAG("loud", start_date=datetime(2030, 1, 1), schedule=None, default_args={"retries": 5}):
    ShoutOperator(
        task_id="good", bash_command="echo {{ macros.shouting.shout('hello') }} >> $TOLD"
    ) >> ShoutOperator(task_id="bad", bash_command="exit 3")

with DAG("secret", start_date=datetime(2030, 1, 1), schedule=None):
    ShoutOperator(task_id="never", bash_command="true")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {
        "plugins/shouting_plugin.py": PLUGIN,
        "config/airflow_local_settings.py": SETTINGS,
        "dags/loud.py": DAG_FILE,
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def run(project: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(project),
        "ETESIAN_HOME": str(project / "home"),
        "TOLD": str(project / "told"),
    }
    return subprocess.run(
        [sys.executable, *command], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def load(project: Path, expression: str) -> object:
    """Return what an expression makes of ``dags``, the DAGs of the file as every process of the platform sees them."""
    code = f"""
        import json
        from pathlib import Path
        import etesian.compat

        etesian.compat.install()
        from etesian.sdk.dags.dag_loading import load_dags

        dags = load_dags(Path("{project}/dags/loud.py"), dags_folder=Path("{project}/dags"))
        print(json.dumps({expression}))
        """
    done = run(project, "-c", dedent(code))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_macros_are_there_and_listeners_are_told_and_cannot_change_what_comes_of_a_task(
    project: Path,
) -> None:
    done = run(project, "-m", "etesian", "run", str(project / "dags" / "loud.py"), "--dag", "loud")

    assert done.returncode == 1, done.stdout + done.stderr
    told = (project / "told").read_text().splitlines()
    assert told == [
        "running good mutated",
        "HELLO",
        "success good",
        "running bad mutated",
        "failed bad AirflowException",
        "run failed loud of 2 tasks",
        "stopping",
    ]


def test_policies_change_and_leave_out_dags(project: Path) -> None:
    assert load(project, "sorted(dags)") == ["loud"]
    assert load(project, "sorted(dags['loud'].tags)") == ["seen"]
    assert load(project, "[task.retries for task in dags['loud'].tasks]") == [0, 0]


def test_a_policy_that_refuses_a_task_is_an_error_of_the_file(project: Path) -> None:
    file = project / "dags" / "loud.py"
    file.write_text(DAG_FILE.replace('"retries": 5', '"owner": "nobody"'))

    done = run(project, "-m", "etesian", "run", str(file), "--dag", "loud")

    assert done.returncode != 0
    assert "task good needs an owner" in done.stderr


def test_links_of_plugins_are_added_to_all_operators(project: Path) -> None:
    assert load(project, "dags['loud'].get_task('good').extra_links") == ["Manual"]


def test_settings_show_the_functions_of_the_local_settings(project: Path) -> None:
    pod = "(lambda pod: (__import__('airflow.settings').settings.pod_mutation_hook(pod), pod)[1])({})"
    assert load(project, pod) == {"seen": True}


def test_a_plugin_that_cannot_be_loaded_is_named_and_harms_nobody(project: Path) -> None:
    (project / "plugins" / "broken.py").write_text("class X(AirflowPlugin): pass")

    assert load(project, "sorted(dags)") == ["loud"]
    done = run(
        project,
        "-c",
        "import etesian.compat; etesian.compat.install(); from etesian.compat.plugins.plugins_manager import *; "
        "find_plugins(); print(import_errors)",
    )
    assert "broken.py" in done.stdout
    assert "NameError" in done.stdout


def test_modules_of_the_plugins_folder_are_imported_by_name(project: Path) -> None:
    (project / "dags" / "loud.py").write_text(
        "from etesian import DAG\nfrom shouting_plugin import shout\nloud = DAG(shout('a'), schedule=None)\n"
    )

    assert load(project, "[dag.dag_id for dag in dags.values()]") == ["A"]

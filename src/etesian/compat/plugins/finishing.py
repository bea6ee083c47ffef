"""What the project's plugins and policies do to each DAG of a file that has been imported."""

from __future__ import annotations

from functools import cache
from typing import Any

from etesian.compat.entry_points import POLICIES, find_entry_points
from etesian.compat.plugins.listeners import ListenerObserver, find_listeners, listen_to_runs
from etesian.compat.plugins.plugins_manager import find_plugin_points, find_plugins
from etesian.compat.plugins.policies import apply_policies, find_policies
from etesian.compat.settings.local_settings import has_local_settings
from etesian.compat.settings.project_folders import find_plugins_folder
from etesian.compat.tables import find_table
from etesian.sdk.attempts.observing import add_attempt_observer
from etesian.sdk.dags.dag import DAG

_TASK_HOOKS = tuple(f"on_task_instance_{state}" for state in ("running", "success", "failed", "skipped"))


def warm_up() -> None:
    """Find out what every DAG file needs to know, so that the children of this process need not; imports nothing of
    users.
    """
    _has_nothing_to_do()
    find_table("airflow")


@cache
def _has_nothing_to_do() -> bool:
    """Whether neither the project nor a distribution has plugins or policies, which is so nearly everywhere."""
    is_empty = not any(find_plugins_folder().glob("**/*.py")) and not has_local_settings()
    return is_empty and not find_plugin_points() and not find_entry_points(POLICIES)


def finish_dag(dag: DAG) -> None:
    """Apply policies, add plugins' links to the tasks, and let listeners be told of what comes of them.

    Raises:
        AirflowException: a policy refuses the DAG.
    """
    if _has_nothing_to_do():
        return
    apply_policies(dag)
    _add_links(dag)
    listen_to_runs(dag)
    _observe_attempts()


def _add_links(dag: DAG) -> None:
    everywhere = [link for plugin in find_plugins() for link in plugin.global_operator_extra_links]
    by_class = [link for plugin in find_plugins() for link in plugin.operator_extra_links]
    if not everywhere and not by_class:
        return
    for task in dag.tasks:
        own = list(task.operator_extra_links)
        names = {link.name for link in own}
        added = [*(link for link in by_class if _is_for(link, task)), *everywhere]
        own += [link for link in added if link.name not in names]
        task.operator_extra_links = own


def _is_for(link: Any, task: Any) -> bool:
    """Return whether a link names the class of a task, or one above it."""
    task_class = getattr(task, "operator_class", type(task))
    return isinstance(task_class, type) and issubclass(task_class, tuple(link.operators))


@cache
def _observe_attempts() -> None:
    if any(map(find_listeners, _TASK_HOOKS)) or find_policies("task_instance_mutation_hook"):
        add_attempt_observer(ListenerObserver())

"""Arguments of earlier eras: what they are called now, and which ones no longer have a meaning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

#: old name of an operator's argument -> its name now
OPERATOR_RENAMED: Final[Mapping[str, str]] = {
    "task_concurrency": "max_active_tis_per_dag",
    "xcom_push": "do_xcom_push",
    "fail_stop": "fail_fast",
}
#: arguments of operators that are accepted and change nothing: the context is always provided, links are
#: automatic
OPERATOR_WITHOUT_EFFECT: Final = frozenset(
    {"provide_context", "adhoc", "resources", "subdag_operator", "start_from_trigger"}
)

#: old name of a DAG's argument -> its name now
DAG_RENAMED: Final[Mapping[str, str]] = {"concurrency": "max_active_tasks", "fail_stop": "fail_fast"}
#: arguments of DAGs that are accepted and change nothing
DAG_WITHOUT_EFFECT: Final = frozenset({"orientation", "full_filepath", "parent_dag", "is_subdag"})


def rename_arguments(
    kwargs: dict[str, Any], renamed: Mapping[str, str], without_effect: frozenset[str]
) -> dict[str, Any]:
    """Take old names out of ``kwargs`` and return them under their new names; the ones without effect are
    dropped.
    """
    found = {}
    for name in list(kwargs):
        if name in renamed:
            found[renamed[name]] = kwargs.pop(name)
        elif name in without_effect:
            del kwargs[name]
    return found

"""``etesian dags``: one module per kind of question."""

from __future__ import annotations

from etesian.cli.lazy_group import Entry, LazyGroup

group = LazyGroup(
    "dags",
    {
        "Look": {
            "list": Entry(f"{__name__}.look:list_command", "All DAGs."),
            "show": Entry(f"{__name__}.look:show", "A DAG's tasks and how they depend on each other."),
            "details": Entry(f"{__name__}.look:details", "All that is known of a DAG."),
            "next-execution": Entry(f"{__name__}.look:next_execution", "When a DAG runs next."),
            "list-import-errors": Entry(f"{__name__}.look:list_import_errors", "Files that cannot be read."),
            "versions": Entry(f"{__name__}.versions:versions", "A DAG's versions."),
            "diff": Entry(f"{__name__}.versions:diff", "What changed from one version to another."),
            "list-runs": Entry(f"{__name__}.runs:list_runs", "A DAG's runs."),
            "state": Entry(f"{__name__}.runs:state", "The state of one run."),
        },
        "Act": {
            "trigger": Entry(f"{__name__}.runs:trigger", "Run a DAG now."),
            "pause": Entry(f"{__name__}.change:pause", "Schedule no more runs of a DAG."),
            "unpause": Entry(f"{__name__}.change:unpause", "Let a DAG run by its schedule."),
            "test": Entry(f"{__name__}.test:test", "Run a DAG in this process, for debugging."),
            "delete": Entry(f"{__name__}.change:delete", "Forget a DAG and all its runs."),
        },
    },
    help="List, show, trigger, pause and test DAGs.",
)

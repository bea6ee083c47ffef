"""``etesian tasks``: one module per kind of question."""

from __future__ import annotations

from etesian.cli.lazy_group import Entry, LazyGroup

group = LazyGroup(
    "tasks",
    {
        "Look": {
            "list": Entry(f"{__name__}.look:list_command", "A DAG's tasks."),
            "state": Entry(f"{__name__}.look:state", "The state of one task in a run."),
            "states-for-dag-run": Entry(f"{__name__}.look:states_for_dag_run", "All tasks of a run."),
            "logs": Entry(f"{__name__}.logs:logs", "What a task wrote; --follow while it runs."),
            "why": Entry("etesian.cli.commands.why:why", "Say why a task does not run."),
        },
        "Act": {
            "clear": Entry(f"{__name__}.clear:clear", "Let tasks run again."),
            "mark": Entry(f"{__name__}.mark:mark", "Declare what tasks came to."),
            "answer": Entry(f"{__name__}.answer:answer", "Answer what a task asks a person."),
            "test": Entry(f"{__name__}.trial:test", "Run one task in this process; nothing is recorded."),
            "render": Entry(f"{__name__}.trial:render", "Show a task's templates filled in."),
        },
    },
    help="List, test, clear tasks; read their logs and states.",
)

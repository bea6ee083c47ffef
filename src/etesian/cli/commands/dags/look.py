"""What DAGs there are and what they are made of."""

from __future__ import annotations

from collections.abc import Iterator

import click

from etesian.cli.errors import ExitCode
from etesian.cli.lookup import find_dag, find_spec
from etesian.cli.output import OutputFormat, output_option, print_record, print_rows, to_plain_data
from etesian.cli.session import Session, pass_session
from etesian.foundation.clock import utc_now
from etesian.spec.dag import DagSpec
from etesian.store.queries.dags import DagFilter, list_dags
from etesian.store.queries.import_errors import list_import_errors as load_import_errors
from etesian.store.queries.page import Paging
from etesian.timetables import describe, preview

LIST_COLUMNS = ("dag_id", "file", "owners", "is_paused", "schedule", "next_run", "tasks")


@click.command("list")
@click.option("--all", "show_all", is_flag=True, help="Also those whose file no longer defines them.")
@click.option("--tag", "tags", multiple=True, help="Only with this tag; may be given several times.")
@click.option("--search", help="Only those with this text in their name.")
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True, help="At most this many.")
@output_option
@pass_session
def list_command(
    session: Session,
    show_all: bool,
    tags: tuple[str, ...],
    search: str | None,
    limit: int,
    output: OutputFormat,
) -> None:
    """List the DAGs that are known."""
    wanted = DagFilter(tags=tags, dag_id_pattern=search, is_active=None if show_all else True)
    with session.store.read() as connection:
        page = list_dags(connection, wanted, Paging(limit=limit))
    rows = [
        {
            "dag_id": dag.dag_id,
            "file": dag.file,
            "owners": dag.owners,
            "is_paused": dag.is_paused,
            "schedule": dag.schedule_text,
            "next_run": dag.next_run_after,
            "tasks": dag.task_count,
        }
        for dag in page.items
    ]
    folder = session.settings.core.dags_folder
    nothing = (
        "There are no such DAGs." if tags or search else f"There are no DAGs. Put DAG files into {folder}."
    )
    print_rows(rows, output, columns=LIST_COLUMNS, nothing=nothing)


@click.command()
@click.argument("dag_id")
@output_option
@pass_session
def show(session: Session, dag_id: str, output: OutputFormat) -> None:
    """Show a DAG's tasks in the order in which they can run, each with what it waits for."""
    with session.store.read() as connection:
        spec = find_spec(connection, dag_id)
    rows = [
        {
            "task_id": task.task_id,
            "operator": task.operator,
            "upstream": task.upstream,
            "trigger_rule": str(task.trigger_rule),
            "mapped": task.mapped is not None,
        }
        for task in spec.tasks
    ]
    if output is OutputFormat.TABLE:
        for line in draw(spec):
            click.echo(line)
        return
    columns = ("task_id", "operator", "upstream", "trigger_rule", "mapped")
    print_rows(rows, output, columns=columns, nothing="")


def draw(spec: DagSpec) -> Iterator[str]:
    """Yield a DAG as text: each task on a line, indented by how many steps lie before it."""
    depth: dict[str, int] = {}
    yield f"{spec.dag_id}  ({spec.schedule_text})"
    for task in spec.tasks:
        depth[task.task_id] = 1 + max((depth[upstream] for upstream in task.upstream), default=0)
        after = f"  ← {', '.join(task.upstream)}" if task.upstream else ""
        mapped = " [mapped]" if task.mapped is not None else ""
        yield f"{'  ' * depth[task.task_id]}{task.task_id}{mapped}  {task.operator}{after}"


@click.command()
@click.argument("dag_id")
@output_option
@pass_session
def details(session: Session, dag_id: str, output: OutputFormat) -> None:
    """Print all that is known of a DAG."""
    with session.store.read() as connection:
        dag = find_dag(connection, dag_id)
        spec = find_spec(connection, dag_id)
    record = {name: getattr(dag, name) for name in dag.__struct_fields__}
    record |= {
        "start_date": spec.start_date,
        "end_date": spec.end_date,
        "catchup": spec.catchup,
        "dagrun_timeout_seconds": spec.dagrun_timeout_seconds,
        "params": to_plain_data({name: param.value for name, param in spec.params.items()}),
        "tasks": [task.task_id for task in spec.tasks],
        "doc_md": spec.doc_md,
        "schedule_in_words": describe(spec.schedule),
    }
    print_record(record, output)


@click.command("next-execution")
@click.argument("dag_id")
@click.option("-n", "--num-executions", type=click.IntRange(1, 1000), default=1, help="How many to show.")
@output_option
@pass_session
def next_execution(session: Session, dag_id: str, num_executions: int, output: OutputFormat) -> None:
    """Say when a DAG runs next. A paused DAG's times are those it would have if it were not."""
    with session.store.read() as connection:
        dag = find_dag(connection, dag_id)
        spec = find_spec(connection, dag_id)
    now = utc_now()
    points = preview(spec.schedule, spec.start_date, now, num_executions, end=spec.end_date)
    rows = [
        {
            "run_after": point.run_after,
            "logical_date": point.logical_date,
            "data_interval_start": point.data_interval_start,
            "data_interval_end": point.data_interval_end,
        }
        for point in points
    ]
    if dag.is_paused:
        missed = dag.next_run_after is not None and dag.next_run_after <= now
        then = f", which starts the run that was due at {dag.next_run_after}" if missed else ""
        click.echo(
            f"DAG {dag_id!r} is paused; it will not run before `etesian dags unpause {dag_id}`{then}.",
            err=True,
        )
    columns = ("run_after", "logical_date", "data_interval_start", "data_interval_end")
    nothing = f"DAG {dag_id!r} has no time to run at: {describe(spec.schedule).lower()}."
    print_rows(rows, output, columns=columns, nothing=nothing)


@click.command("list-import-errors")
@output_option
@pass_session
def list_import_errors(session: Session, output: OutputFormat) -> None:
    """List the DAG files that cannot be read, with the reason. The exit code is 1 if there are any."""
    with session.store.read() as connection:
        page = load_import_errors(connection, Paging(limit=1000))
    rows = [
        {
            "bundle": error.bundle,
            "file": error.file,
            "line": error.line,
            "error": error.message.strip(),
            "seen_at": error.seen_at,
        }
        for error in page.items
    ]
    columns = ("bundle", "file", "line", "error", "seen_at")
    print_rows(rows, output, columns=columns, nothing="All DAG files can be read.")
    if rows:
        raise click.exceptions.Exit(ExitCode.FAILED)

"""Answering what a task asks a person."""

from __future__ import annotations

import click
import msgspec

from etesian.cli.commands.tasks.look import map_index_option
from etesian.cli.errors import UsageError
from etesian.cli.lookup import find_dag, find_instance, find_run
from etesian.cli.session import Session, pass_session
from etesian.store.questions import OpenQuestion, load_question, make_answer


@click.command("answer")
@click.argument("dag_id")
@click.argument("task_id")
@click.argument("run", required=False)
@click.option("-c", "--choose", "chosen", multiple=True, help="An option; may be given several times.")
@click.option("-p", "--param", "params", multiple=True, help="NAME=VALUE; the value as JSON, or else text.")
@map_index_option
@pass_session
def answer(
    session: Session,
    dag_id: str,
    task_id: str,
    run: str | None,
    chosen: tuple[str, ...],
    params: tuple[str, ...],
    map_index: int,
) -> None:
    """Answer what a task asks, or show the question if nothing is chosen.

    RUN is a run_id or a logical date; the newest run if left out.
    """
    with session.store.read() as connection:
        find_dag(connection, dag_id)
        instance = find_instance(connection, find_run(connection, dag_id, run), task_id, map_index)
        asked = load_question(connection, instance.key)
    if not chosen:
        _show(asked)
        return
    command = make_answer(asked, chosen, dict(map(_read_param, params)), user=session.actor.user)
    if session.steer(command):
        click.echo(f"Answered {', '.join(chosen)!r}.")


def _show(asked: OpenQuestion) -> None:
    question = asked.question
    click.echo(question.subject)
    if question.body:
        click.echo(question.body)
    click.echo(f"Options: {', '.join(question.options)}" + (" (several)" if question.multiple else ""))
    for name in question.params:
        click.echo(f"Param: {name}")
    if asked.until is not None:
        click.echo(f"Until: {asked.until:%Y-%m-%d %H:%M:%S} UTC")


def _read_param(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--param takes NAME=VALUE, got {text!r}")
    try:
        return name, msgspec.json.decode(value)
    except msgspec.DecodeError:
        return name, value

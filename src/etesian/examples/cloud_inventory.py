"""Every afternoon: what runs in the cloud? Lists the instances, tells a chat channel, sends a mail.

It runs on any machine: a stand-in for ``gcloud`` prints listings (take ``env`` away to ask the real one);
without a webhook the message goes to the log, and without an address no mail is sent.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from etesian import Param, dag, task
from etesian.operators.email import EmailOperator

SERVICES = ("compute", "sql", "spanner", "redis", "bigtable")
#: A folder with a ``gcloud`` that needs no account.
STAND_INS = Path(__file__).with_name("stand_ins")


@dag(
    schedule="0 16 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args={"retries": 1, "retry_delay": timedelta(seconds=1)},
    params={
        "webhook_url": Param("", type="string", description="Where to post the summary; empty: to the log."),
        "mail_to": Param("", type="string", description="Who gets the mail; empty: nobody."),
    },
    tags=["example"],
)
def cloud_inventory() -> None:
    """List, tell, mail."""

    @task.bash(env={"PATH": f"{STAND_INS}:{os.environ.get('PATH', os.defpath)}"}, append_env=True)
    def list_instances(service: str) -> str:
        """Return the command to run; the last line that it prints is the task's result."""
        return (
            f"set -o pipefail; gcloud {service} instances list | tail -n +2"
            " | (grep -oE '^[a-z0-9-]+' || true) | tr '\\n' ' ' && echo"
        )

    @task
    def take_inventory(listings: list[str | None]) -> dict[str, list[str]]:
        """Return the names of the instances of each service."""
        return {service: (names or "").split() for service, names in zip(SERVICES, listings, strict=True)}

    @task
    def tell_chat(inventory: dict[str, list[str]], params: dict[str, Any]) -> None:
        """Post the summary as chat systems like it."""
        total = sum(len(names) for names in inventory.values())
        lines = [
            {"title": service, "text": ", ".join(names) or "none"} for service, names in inventory.items()
        ]
        message = json.dumps({"text": f"{total} instances are running", "attachments": lines})
        if not params["webhook_url"]:
            print(message)
            return
        headers = {"Content-Type": "application/json"}
        with urlopen(Request(params["webhook_url"], message.encode(), headers), timeout=30) as answer:
            print(f"the webhook answered {answer.status}")

    @task
    def write_page(inventory: dict[str, list[str]]) -> str:
        """Return the mail's HTML."""
        rows = (
            f"<tr><td>{service}</td><td>{len(names)}</td><td>{', '.join(names)}</td></tr>"
            for service, names in inventory.items()
        )
        return f"<h1>Cloud inventory</h1><table>{''.join(rows)}</table>"

    @task.short_circuit
    def somebody_wants_mail(params: dict[str, Any]) -> bool:
        """Go on to the mail only if there is an address."""
        return bool(params["mail_to"])

    listings = [list_instances.override(task_id=f"list_{service}")(service) for service in SERVICES]
    inventory = take_inventory(listings)
    tell_chat(inventory)
    mail = EmailOperator(
        task_id="send_mail",
        to="{{ params.mail_to }}",
        subject="Cloud inventory of {{ dag_run.run_after | ds }}",
        html_content="{{ ti.xcom_pull(task_ids='write_page') }}",
    )
    [write_page(inventory), somebody_wants_mail()] >> mail


cloud_inventory()

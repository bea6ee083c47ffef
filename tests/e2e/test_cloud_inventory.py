"""The daily pipeline of 2018, unchanged, on a real platform, with a real mail server and a real webhook."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.harness import Standalone, running_standalone
from tests.servers.mail import Mailbox, running_mail_server
from tests.servers.webhook import WebhookServer, running_webhook_server

COMPAT = Path(__file__).parents[1] / "compat"
DAG_ID = "cloud_inventory_2018"


@dataclass(frozen=True)
class Finished:
    """What is left when the pipeline has run.

    Depending on the hour, unpausing it starts the scheduled run of the last interval beside the one that is
    triggered. What is checked is the triggered one; the other must succeed, too.
    """

    platform: Standalone
    run_id: str
    date: str  #: as templates and tasks see it
    mailbox: Mailbox
    webhook: WebhookServer
    gcloud_calls: list[str]

    def tries(self) -> dict[str, tuple[str, int]]:
        instances = self.platform.task_instances(DAG_ID, self.run_id)
        return {item["task_id"]: (item["state"], item["try_number"]) for item in instances}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    home = tmp_path_factory.mktemp("home")
    state = tmp_path_factory.mktemp("gcloud")
    (home / "dags").mkdir()
    shutil.copy(COMPAT / "dags" / f"{DAG_ID}.py", home / "dags")
    with running_mail_server() as mailbox, running_webhook_server() as webhook:
        settings = {
            "ETESIAN__SMTP__HOST": "127.0.0.1",
            "ETESIAN__SMTP__PORT": str(mailbox.port),
            "ETESIAN__SMTP__MAIL_FROM": "etesian@example.com",
            "ETESIAN__CORE__DEFAULT_TASK_RETRY_DELAY_SECONDS": "0.5",
            "INVENTORY_WEBHOOK_URL": webhook.url,
            "GCLOUD_STATE_DIR": str(state),
        }
        with running_standalone(home, settings=settings, path=[COMPAT / "programs"]) as platform:
            run_id = platform.run_to_end(DAG_ID, within=90)
            for run in platform.ask("GET", f"/dags/{DAG_ID}/dagRuns")["dag_runs"]:
                assert platform.wait_for_run(DAG_ID, run["dag_run_id"])["state"] == "success"
            date = platform.run(DAG_ID, run_id)["run_after"][:10]
            calls = (state / run_id / "calls.txt").read_text().splitlines()
            yield Finished(platform, run_id, date, mailbox, webhook, calls)


def test_every_task_succeeds_and_the_listing_that_failed_once_is_tried_again(finished: Finished) -> None:
    assert finished.tries() == {
        "list_compute_instances": ("success", 1),
        "list_sql_instances": ("success", 2),
        "list_spanner_instances": ("success", 1),
        "list_redis_instances": ("success", 1),
        "list_bigtable_instances": ("success", 1),
        "notify_chat_task": ("success", 1),
        "prepare_email_task": ("success", 1),
        "send_email_task": ("success", 1),
    }


def test_each_listing_is_asked_for_once_per_try(finished: Finished) -> None:
    assert sorted(finished.gcloud_calls) == [
        "bigtable instances list",
        "compute instances list",
        "redis instances list",
        "spanner instances list",
        "sql instances list",
        "sql instances list",
    ]


def test_the_webhook_receives_the_instances_of_all_services(finished: Finished) -> None:
    by_text = {body["text"]: body["attachments"] for body in finished.webhook.bodies}
    assert by_text[f"Instances on {finished.date}: 8"] == [
        {"title": "compute", "text": "frontend-1, frontend-2, batch-7", "color": "good"},
        {"title": "sql", "text": "orders, billing", "color": "good"},
        {"title": "spanner", "text": "ledger", "color": "good"},
        {"title": "redis", "text": "none", "color": "warning"},
        {"title": "bigtable", "text": "telemetry, clicks", "color": "good"},
    ]


def test_the_mail_carries_the_page_that_an_earlier_task_prepared(finished: Finished) -> None:
    by_subject = {mail["Subject"]: mail for mail in finished.mailbox.messages}
    mail = by_subject[f"Cloud inventory of {finished.date}"]
    assert mail["To"] == "platform-team@example.com"
    assert mail["From"] == "etesian@example.com"
    page = mail.get_body(("html",))
    assert page is not None
    html = page.get_content()
    assert "<td>compute</td><td>3</td><td>frontend-1, frontend-2, batch-7</td>" in html
    assert "<td>redis</td><td>0</td><td></td>" in html


def test_the_log_of_the_failed_try_says_what_gcloud_said(finished: Finished) -> None:
    log = finished.platform.log(DAG_ID, finished.run_id, "list_sql_instances", 1)
    assert "HTTPError 503: The service is currently unavailable." in log

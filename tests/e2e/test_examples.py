"""Every example that is shipped runs to its end on a real platform, and comes to what it says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.harness import Standalone, running_standalone
from tests.servers.mail import Mailbox, running_mail_server
from tests.servers.webhook import running_webhook_server

#: Example to the states of its tasks that are not ``success``.
EXPECTED: dict[str, dict[str, str]] = {
    "branching": {"load_at_once": "skipped"},
    "callbacks": {"fragile": "failed"},
    "cloud_inventory": {"send_mail": "skipped"},
    "etl": {},
    "groups": {},
    "hello": {},
    "limits": {},
    "mapping": {},
    "retries": {},
    "templates": {},
    "waiting": {},
}


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    with running_mail_server() as mailbox:
        yield mailbox


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory, mailbox: Mailbox) -> Iterator[Standalone]:
    settings = {
        "ETESIAN__CORE__LOAD_EXAMPLES": "true",
        "ETESIAN__SMTP__HOST": "127.0.0.1",
        "ETESIAN__SMTP__PORT": str(mailbox.port),
    }
    with running_standalone(tmp_path_factory.mktemp("home"), settings=settings) as platform:
        yield platform


def test_all_examples_are_loaded_and_expected(platform: Standalone) -> None:
    for dag_id in EXPECTED:
        platform.wait_for_dag(dag_id)
    found = {dag["dag_id"] for dag in platform.ask("GET", "/dags?limit=100")["dags"]}
    assert found == set(EXPECTED)
    assert platform.ask("GET", "/importErrors")["total_entries"] == 0


def test_one_example_runs_by_itself_within_a_minute(platform: Standalone) -> None:
    def scheduled() -> list[str]:
        runs = platform.ask("GET", "/dags/hello/dagRuns")["dag_runs"]
        return [
            run["dag_run_id"] for run in runs if (run["run_type"], run["state"]) == ("scheduled", "success")
        ]

    platform.wait_for_dag("hello")
    platform.wait_for(lambda: scheduled() or None, "a scheduled run of hello", within=90)


@pytest.mark.parametrize("dag_id", EXPECTED)
def test_an_example_runs_to_its_end(platform: Standalone, dag_id: str) -> None:
    run_id = platform.run_to_end(dag_id)
    others = {
        item["task_id"]: item["state"]
        for item in platform.task_instances(dag_id, run_id)
        if item["state"] != "success"
    }
    assert others == EXPECTED[dag_id]


def test_the_inventory_is_posted_and_mailed_where_addresses_are_given(
    platform: Standalone, mailbox: Mailbox
) -> None:
    with running_webhook_server() as webhook:
        conf = {"webhook_url": webhook.url, "mail_to": "team@example.com"}
        run_id = platform.run_to_end("cloud_inventory", conf)
        assert set(platform.states("cloud_inventory", run_id).values()) == {"success"}
        (body,) = webhook.bodies
    assert body["text"] == "7 instances are running"
    assert body["attachments"][0] == {"title": "compute", "text": "frontend-1, frontend-2, batch-7"}
    (mail,) = mailbox.messages
    page = mail.get_body(("html",))
    assert mail["To"] == "team@example.com"
    assert page is not None
    assert "<td>sql</td><td>2</td><td>orders, billing</td>" in page.get_content()

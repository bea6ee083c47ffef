"""What a person sees: the status page in a real browser shows DAGs and follows a run by itself."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.e2e.browser import IS_INSTALLED, Browser, running_browser
from tests.e2e.harness import Standalone, running_standalone

pytestmark = pytest.mark.skipif(not IS_INSTALLED, reason="chromium and chromedriver are not installed")

DAG_FILE = """
from etesian import DAG, task

with DAG("seen_in_the_browser", schedule=None):

    @task
    def only_step():
        return 42

    only_step()

with DAG("one_of_many_fails", schedule=None):

    @task
    def halve(number):
        return 2 / number

    halve.expand(number=[2, 1, 0, 4])
"""


@pytest.fixture
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standalone]:
    home = tmp_path_factory.mktemp("home")
    (home / "dags").mkdir()
    (home / "dags" / "seen.py").write_text(DAG_FILE)
    with running_standalone(home) as platform:
        platform.wait_for_dag("seen_in_the_browser")
        yield platform


@pytest.fixture
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with running_browser(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


def test_of_a_mapped_task_the_instance_that_failed_is_shown_first(
    platform: Standalone, browser: Browser
) -> None:
    platform.wait_for_dag("one_of_many_fails")
    platform.unpause("one_of_many_fails")
    run_id = platform.trigger("one_of_many_fails")
    platform.wait_for_run("one_of_many_fails", run_id)

    browser.open(f"{platform.url}/#/dags/one_of_many_fails/runs/{quote(run_id)}/tasks/halve")

    browser.wait_for(lambda page: "ZeroDivisionError" in page.text(), "the log of the instance that failed")
    shown = browser.evaluate("document.querySelector('select').selectedOptions[0].text")
    assert shown == "Map index 2 · failed"
    assert browser.errors() == []


def test_the_page_shows_a_dag_and_follows_its_run_to_success(platform: Standalone, browser: Browser) -> None:
    browser.open(platform.url)
    browser.wait_for(lambda page: "seen_in_the_browser" in page.text(), "the DAG's name")
    browser.evaluate("window.isStillTheSamePage = true")
    platform.run_to_end("seen_in_the_browser")
    browser.wait_for(lambda page: "success" in page.text().lower(), "the run's success")
    assert browser.evaluate("window.isStillTheSamePage === true")
    assert browser.errors() == []

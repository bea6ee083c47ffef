"""The base of notifiers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import pytest

from etesian.sdk.tasks.notifier import BaseNotifier

SENT: list[Any] = []


class Recorder(BaseNotifier):
    template_fields: Sequence[str] = ("text",)

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def notify(self, context: Any) -> None:
        if self.text == "fail":
            raise RuntimeError("no line")
        SENT.append((self.text, dict(context)))


@pytest.fixture(autouse=True)
def nothing_sent() -> None:
    SENT.clear()


def test_each_call_renders_the_text_anew() -> None:
    notifier = Recorder("run {{ run_id }}")
    notifier({"run_id": "a"})
    notifier({"run_id": "b"})
    assert [text for text, _ in SENT] == ["run a", "run b"]


def test_a_notifier_shows_what_it_sent_last_and_takes_a_new_template() -> None:
    notifier = Recorder("run {{ run_id }}")
    notifier({"run_id": "a"})
    assert notifier.text == "run a"
    notifier.text = "{{ run_id }} again"
    notifier({"run_id": "b"})
    assert notifier.text == "b again"


def test_a_template_may_name_another_field() -> None:
    class Signed(Recorder):
        template_fields = ("text", "sender")

        def __init__(self, text: str, sender: str) -> None:
            super().__init__(text)
            self.sender = sender

    Signed("{{ run_id }} failed, says {{ sender }}", "the night shift")({"run_id": "a"})
    assert [text for text, _ in SENT] == ["a failed, says the night shift"]


def test_an_awaited_notifier_speaks_of_its_own_context() -> None:
    notifier = Recorder("run {{ run_id }}")
    notifier.context = {"run_id": "a"}

    async def wait() -> None:
        await notifier

    asyncio.run(wait())
    assert [text for text, _ in SENT] == ["run a"]


def test_who_awaits_a_notifier_learns_that_it_failed() -> None:
    async def wait() -> None:
        await Recorder("fail")

    with pytest.raises(RuntimeError, match="no line"):
        asyncio.run(wait())


def test_a_callback_of_the_oldest_kind_is_told_of_slas() -> None:
    Recorder("{{ task_list }}")(None, "tasks", "blocking", ["sla"], ["ti"])
    assert SENT == [
        (
            "tasks",
            {
                "dag": None,
                "task_list": "tasks",
                "blocking_task_list": "blocking",
                "slas": ["sla"],
                "blocking_tis": ["ti"],
            },
        )
    ]


def test_a_notice_that_cannot_be_sent_is_logged_and_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        Recorder("fail")({"run_id": "a"})
    assert "Recorder could not notify" in caplog.text
    assert "no line" in caplog.text


def test_a_notifier_that_does_not_call_the_base_works_too() -> None:
    told: list[str] = []

    class Short(BaseNotifier):
        template_fields = ("message",)

        def __init__(self, message: str) -> None:
            self.message = message

        def notify(self, context: Any) -> None:
            told.append(self.message)

    Short("{{ who }} failed")({"who": "load"})
    assert told == ["load failed"]

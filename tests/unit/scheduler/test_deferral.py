from __future__ import annotations

from datetime import timedelta

from etesian.protocol.commands import AnswerInput, ClearTasks, TaskSelection, TriggerFired
from etesian.protocol.reports import Deferred, Rescheduled
from etesian.scheduler.core.decisions import CancelTrigger, SaveAttempt, StartTrigger
from etesian.scheduler.core.workloads import decode_resume
from tests.unit.scheduler.driver import START, Driver, dag, task

LATER = START + timedelta(minutes=5)


def deferred(*, timeout: bool = False) -> tuple[Driver, str]:
    driver = Driver(dag(task("a"), task("b", "a")))
    driver.trigger()
    outcome = Deferred(
        trigger_class="x.T",
        trigger_kwargs=b"{}",
        method="resume",
        kwargs=b"[1]",
        timeout_at=LATER if timeout else None,
    )
    driver.finish("a", outcome)
    (started,) = driver.decided(StartTrigger)
    assert (started.key, started.trigger_class, started.timeout_at) == (
        driver.record("a").key,
        "x.T",
        LATER if timeout else None,
    )
    return driver, started.trigger_id


def test_a_deferred_task_waits_without_a_worker_and_is_no_ended_try() -> None:
    driver, trigger_id = deferred()
    assert driver.state("a") == "deferred"
    assert driver.decided(SaveAttempt) == []
    assert driver.why("a") == [f"it waits for trigger {trigger_id}"]


def test_a_deferred_task_goes_on_with_its_trigger_s_event() -> None:
    driver, trigger_id = deferred()
    driver.wait(minutes=1)
    driver.do(TriggerFired(trigger_id=trigger_id, event=b'"done"'))
    resume = driver.workloads[-1].resume
    assert resume is not None
    assert (resume.method, resume.kwargs, resume.event, resume.error) == ("resume", b"[1]", b'"done"', None)
    assert driver.record("a").try_number == 1
    driver.claim("a")
    assert driver.record("a").started_at == START
    driver.finish("a")
    assert driver.states() == {"a": "success", "b": "queued"}


def test_a_trigger_s_failure_is_raised_in_the_task() -> None:
    driver, trigger_id = deferred()
    driver.do(TriggerFired(trigger_id=trigger_id, error="lost"))
    resume = driver.workloads[-1].resume
    assert resume is not None
    assert resume.error == "lost"


def test_a_trigger_that_fires_twice_is_heard_once() -> None:
    driver, trigger_id = deferred()
    driver.do(TriggerFired(trigger_id=trigger_id, event=b"1"))
    driver.do(TriggerFired(trigger_id=trigger_id, event=b"2"))
    assert driver.decisions == []


def test_a_deferral_times_out() -> None:
    driver, trigger_id = deferred(timeout=True)
    driver.wait(minutes=5)
    assert driver.decided(CancelTrigger) == [CancelTrigger(trigger_id=trigger_id)]
    resume = driver.workloads[-1].resume
    assert resume is not None
    assert (resume.event, resume.error) == (None, "timeout")


def test_a_clear_cancels_the_trigger() -> None:
    driver, trigger_id = deferred()
    driver.do(ClearTasks(selection=TaskSelection(dag_id="d", run_ids=("r",), task_ids=("a",))))
    assert driver.decided(CancelTrigger) == [CancelTrigger(trigger_id=trigger_id)]
    assert driver.workloads[-1].resume is None


def test_a_task_may_ask_a_person() -> None:
    driver = Driver(dag(task("ask")))
    driver.trigger()
    driver.finish(
        "ask",
        Deferred(
            trigger_class="", trigger_kwargs=b"{}", method="answered", awaiting_input=b"{}", timeout_at=LATER
        ),
    )
    assert driver.state("ask") == "awaiting_input"
    assert driver.why("ask") == ["it waits for a person's answer until 2030-01-01 00:05:00 UTC at most"]
    driver.do(AnswerInput(dag_id="d", run_id="r", task_id="ask", chosen=("yes",), user="ada"))
    resume = driver.workloads[-1].resume
    assert resume is not None
    assert resume.event == b'{"chosen_options":["yes"],"params_input":{},"responded_by_user":"ada"}'
    driver.do(AnswerInput(dag_id="d", run_id="r", task_id="ask", chosen=("no",)))
    assert driver.decisions == []


def test_a_question_is_kept_until_it_is_answered() -> None:
    driver = Driver(dag(task("a")))
    driver.trigger()
    asking = Deferred(trigger_class="", trigger_kwargs=b"{}", method="m", awaiting_input=b'{"subject":"ok?"}')
    driver.finish("a", asking)
    kept = driver.record("a").resume
    assert kept is not None
    assert decode_resume(kept).question == b'{"subject":"ok?"}'

    driver.do(AnswerInput(dag_id="d", run_id="r", task_id="a", chosen=("yes",)))

    resume = driver.workloads[-1].resume
    assert resume is not None
    assert resume.question is None


def test_a_sensor_remembers_its_first_look() -> None:
    driver = Driver(dag(task("a", is_sensor=True)))
    driver.trigger()
    for minute in (1, 2):
        driver.finish("a", Rescheduled(at=START + timedelta(minutes=minute)))
        driver.wait(minutes=1)
    assert driver.workloads[-1].first_started_at == START
    assert (driver.record("a").try_number, driver.decided(SaveAttempt)) == (1, [])


def test_a_retry_waits_again_if_what_is_above_was_cleared_meanwhile() -> None:
    driver = Driver(dag(task("a"), task("b", "a", retries=1, retry_delay_seconds=60)))
    driver.trigger()
    driver.finish("a")
    driver.fail("b")
    driver.do(ClearTasks(selection=TaskSelection(dag_id="d", run_ids=("r",), task_ids=("a",))))
    driver.wait(minutes=1)
    assert driver.states() == {"a": "queued", "b": "none"}
    driver.finish("a")
    assert driver.record("b").try_number == 2

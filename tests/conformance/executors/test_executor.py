"""What the scheduler relies on, whatever the executor."""

from __future__ import annotations

import time

from etesian.executors.base import ToAttempts
from etesian.protocol import PROTOCOL_VERSION
from etesian.protocol.channels import Ask, FromWorker, Hello, Reply
from etesian.protocol.reports import (
    Acknowledged,
    AttemptUsage,
    Claim,
    ClaimAnswer,
    Finished,
    Running,
    StopAttempts,
    Succeeded,
    Usage,
    XComValue,
)
from etesian.protocol.requests import FoundValue, GetVariable
from tests.conformance.executors.peer import Stage, attempt, attempts

HELLO = Hello(protocol_version=PROTOCOL_VERSION, hostname="host", pid=1)


def holding(*unclaimed: str, claimed: tuple[str, ...] = ()) -> Running:
    return Running(hostname="host", claimed=claimed, unclaimed=unclaimed)


def test_attempts_reach_a_worker_in_their_order(stage: Stage) -> None:
    stage.peer.appear(HELLO, holding())
    stage.connect()
    wanted = attempts([f"a{number}" for number in range(500)])
    stage.executor.submit(wanted[:1])
    stage.executor.submit(wanted[1:])
    stage.turn_until_heard(*wanted)
    assert stage.heard == wanted


def test_what_a_worker_says_arrives_in_its_order(stage: Stage) -> None:
    stage.peer.appear(HELLO, holding())
    stage.connect()
    said: list[FromWorker] = [
        Claim(attempt_id="a", hostname="host", pid=1),
        Ask(attempt_id="a", number=1, request=GetVariable(id=1, key="region")),
        Finished(attempt_id="a", outcome=Succeeded(xcoms=(XComValue(key="k", value=b"1"),))),
        AttemptUsage(attempt_id="a", usage=Usage(cpu_seconds=0.5)),
    ]
    stage.peer.say(*said)
    stage.turn_until_received(said[-1])
    assert [message for message in stage.received if message in said] == said


def test_answers_reach_the_worker(stage: Stage) -> None:
    stage.peer.appear(HELLO, holding())
    stage.connect()
    answers: list[ToAttempts] = [
        ClaimAnswer(attempt_id="a", granted=True),
        Reply(attempt_id="a", number=1, answer=FoundValue(id=1, value="north")),
        Acknowledged(attempt_ids=("a",)),
    ]
    stage.executor.send(answers)
    stage.executor.stop(["b", "c"], "cleared")
    stage.turn_until_heard(*answers, StopAttempts(attempt_ids=("b", "c"), reason="cleared"))


def test_without_a_worker_nothing_blocks_and_nothing_is_connected(stage: Stage) -> None:
    began = time.monotonic()
    stage.executor.start()
    stage.executor.submit(attempts(["a"]))
    stage.executor.send([Acknowledged(attempt_ids=("b",))])
    stage.executor.stop(["b"], "cleared")
    assert stage.executor.receive() == []
    assert not stage.executor.is_connected
    assert time.monotonic() - began < 1.0


def test_attempts_wait_for_a_worker_and_count_as_held_by_it(stage: Stage) -> None:
    stage.executor.start()
    stage.executor.submit(attempts(["a", "b"]))
    stage.turn()
    stage.peer.appear(HELLO, holding("c"))
    stage.turn_until_heard(attempt("a"), attempt("b"))
    (held,) = [message for message in stage.received if isinstance(message, Running)]
    assert held.unclaimed == ("c", "a", "b"), "they must not be taken for lost"


def test_an_attempt_that_is_stopped_before_a_worker_came_is_not_sent(stage: Stage) -> None:
    stage.executor.start()
    stage.executor.submit(attempts(["a", "b"]))
    stage.executor.stop(["a"], "cleared")
    stage.peer.appear(HELLO, holding())
    stage.turn_until_heard(attempt("b"))
    assert attempt("a") not in stage.heard


def test_after_the_worker_died_the_next_one_is_found(stage: Stage) -> None:
    stage.peer.appear(HELLO, holding())
    stage.connect()
    stage.peer.vanish()
    stage.turn_until(lambda: not stage.executor.is_connected, "the end of the connection")
    stage.executor.submit(attempts(["late"]))
    greeting = holding(claimed=("kept",))
    stage.peer.appear(HELLO, greeting)
    stage.turn_until_heard(attempt("late"))
    assert stage.executor.is_connected


def test_a_worker_that_does_not_read_never_blocks_the_scheduler(stage: Stage) -> None:
    stage.peer.appear(HELLO, holding())
    stage.connect()
    large = FoundValue(id=1, value="x" * 1_000_000)
    began = time.monotonic()
    for number in range(20):
        stage.executor.send([Reply(attempt_id="a", number=number, answer=large)])
        stage.executor.receive()
    assert time.monotonic() - began < 2.0
    began = time.monotonic()
    stage.turn_until_heard(Reply(attempt_id="a", number=19, answer=large))
    assert time.monotonic() - began < 5.0


def test_a_worker_of_another_protocol_version_is_not_used(stage: Stage) -> None:
    stage.peer.appear(Hello(protocol_version=PROTOCOL_VERSION + 1, hostname="host", pid=1), holding())
    stage.executor.start()
    stage.executor.submit(attempts(["a"]))
    for _ in range(10):
        stage.turn()
    assert not stage.executor.is_connected
    assert stage.heard == []


def test_closing_leaves_the_worker_alone(stage: Stage) -> None:
    stage.peer.appear(HELLO, holding())
    stage.connect()
    stage.executor.close()
    assert stage.executor.filenos() == ()
    assert not stage.executor.is_connected
    assert stage.heard == []

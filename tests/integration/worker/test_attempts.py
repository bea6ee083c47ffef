"""One attempt in a process of its own: what it reports, prints, uses and inherits."""

from __future__ import annotations

from etesian.protocol.reports import Failed, Succeeded, XComValue
from etesian.protocol.workloads import RunCallback
from tests.integration.worker.conftest import StartWorker
from tests.integration.worker.harness import SchedulerUnderTest, is_alive, run_context, task, wait_until

HEAD = """
import logging, os, random, signal, subprocess, sys, time
from etesian.protocol.reports import Succeeded, XComValue

def tell(value):
    return Succeeded(xcoms=(XComValue(key="told", value=str(value).encode()),))
"""


def told(report_outcome: object) -> str:
    assert isinstance(report_outcome, Succeeded), report_outcome
    return report_outcome.xcoms[0].value.decode()


def test_what_a_task_returns_reaches_the_scheduler(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    start_worker(HEAD + "def work(workload): return tell(workload.map_index)")
    report = scheduler.run_one(task("work", map_index=7))
    assert report.outcome == Succeeded(xcoms=(XComValue(key="told", value=b"7"),))
    assert report.started_at is not None
    assert report.ended_at is not None
    assert report.started_at <= report.ended_at


def test_each_attempt_runs_in_a_process_of_its_own(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    start_worker(
        HEAD + "seen = []\ndef work(workload): seen.append(1); return tell(f'{os.getpid()} {len(seen)}')"
    )
    answers = [told(report.outcome).split() for report in scheduler.run(*(task("work") for _ in range(20)))]
    assert len({pid for pid, _ in answers}) == 20
    assert {count for _, count in answers} == {"1"}


def test_an_exception_fails_the_attempt_with_its_text(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    start_worker("def work(workload): raise ValueError('no rows')")
    assert scheduler.run_one(task("work")).outcome == Failed(reason="ValueError: no rows")


def test_texts_that_are_not_valid_unicode_are_logged_and_reported(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    worker = start_worker(
        HEAD
        + """
def work(workload):
    print("caf\\udce9")
    raise ValueError("no file caf\\udce9")
"""
    )
    failing = task("work")
    outcome = scheduler.run_one(failing).outcome
    assert outcome == Failed(reason="ValueError: no file caf\\udce9")
    assert worker.messages_of(failing)[0] == "caf\\udce9"


def test_an_exit_inside_a_task_fails_it_with_a_traceback_in_its_log(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    worker = start_worker("import sys\ndef work(workload): sys.exit(3)")
    work = task("work")
    outcome = scheduler.run_one(work).outcome
    assert outcome == Failed(reason="SystemExit: 3", error_type="builtins.SystemExit")
    (line,) = worker.log_of(work)
    assert line.e is not None
    assert "def work(workload): sys.exit(3)" in line.e


def test_print_logging_warnings_and_programs_reach_the_log_in_order(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    worker = start_worker(
        HEAD
        + """
def work(workload):
    print("one", end=""); print(" line")
    logging.getLogger("mine").warning("careful %s", 7)
    print("to stderr", file=sys.stderr)
    subprocess.run("echo from a program; echo its error >&2", shell=True)
    print("no end of line", end="")
"""
    )
    work = task("work")
    scheduler.run_one(work)
    python_lines = [(line.s, line.l, line.m) for line in worker.log_of(work) if line.s != "process"]
    assert python_lines == [
        ("stdout", "info", "one line"),
        ("mine", "warning", "careful 7"),
        ("stderr", "warning", "to stderr"),
        ("stdout", "info", "no end of line"),
    ]
    assert [line.m for line in worker.log_of(work) if line.s == "process"] == ["from a program", "its error"]


def test_the_log_can_be_read_while_the_task_runs(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    worker = start_worker(
        HEAD + "def work(workload):\n print('begun')\n os.system('echo too')\n time.sleep(60)"
    )
    work = task("work")
    scheduler.submit(work)
    scheduler.wait_for(lambda: {"begun", "too"} <= set(worker.messages_of(work)), "live lines")
    assert work.attempt_id not in scheduler.finished


def test_the_log_is_complete_up_to_the_kill(start_worker: StartWorker, scheduler: SchedulerUnderTest) -> None:
    worker = start_worker(
        HEAD
        + """
def work(workload):
    for number in range(1000): os.write(1, b"raw %d\\n" % number)
    for number in range(1000): print("python", number)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    )
    work = task("work")
    outcome = scheduler.run_one(work).outcome
    assert isinstance(outcome, Failed)
    assert outcome.cause == "killed"
    assert outcome.reason.startswith("killed by SIGKILL; peak memory ")
    messages = worker.messages_of(work)
    assert [m for m in messages if m.startswith("raw")] == [f"raw {number}" for number in range(1000)]
    assert [m for m in messages if m.startswith("python")] == [f"python {number}" for number in range(1000)]
    assert messages[-1] == outcome.reason


def test_a_crash_in_native_code_leaves_a_traceback(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    worker = start_worker("import ctypes\ndef work(workload): ctypes.string_at(0)")
    work = task("work")
    outcome = scheduler.run_one(work).outcome
    assert isinstance(outcome, Failed)
    assert outcome.reason.startswith("killed by SIGSEGV")
    assert any("in work" in message for message in worker.messages_of(work))


def test_an_end_without_a_report_is_a_failure_that_says_so(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    start_worker("import os\ndef work(workload): os._exit(4)")
    outcome = scheduler.run_one(task("work")).outcome
    assert isinstance(outcome, Failed)
    assert outcome.reason.startswith("its process ended without a report: exit code 4")


def test_memory_and_cpu_time_are_told_when_the_process_has_gone(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    start_worker("def work(workload): return len(bytearray(b'x') * (80 * 1024 * 1024)) and None")
    work = task("work")
    scheduler.run_one(work)
    scheduler.wait_for(lambda: work.attempt_id in scheduler.usage, "usage")
    usage = scheduler.usage[work.attempt_id].usage
    assert usage.peak_memory_bytes is not None
    assert usage.peak_memory_bytes > 80 * 1024 * 1024
    assert usage.cpu_seconds is not None
    assert usage.cpu_seconds > 0
    assert (usage.exit_code, usage.exit_signal) == (0, None)


def test_an_attempt_starts_with_default_signals_no_input_and_its_own_group(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    start_worker(
        HEAD
        + """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGUSR1, lambda *_: None)
def work(workload):
    handlers = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGCHLD)]
    assert handlers == [signal.SIG_DFL] * 3, handlers
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert sys.stdin.read() == ""
    assert os.getpgid(0) == os.getsid(0) == os.getpid()
    return tell(random.random())
"""
    )
    reports = scheduler.run(*(task("work") for _ in range(4)))
    assert len({told(report.outcome) for report in reports}) == 4, (
        "every attempt has random numbers of its own"
    )


def test_an_attempt_holds_no_descriptor_of_the_platform_but_its_channel(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    start_worker(
        HEAD
        + """
def work(workload):
    folder = "/proc/self/fd"
    open_files = [os.readlink(f"{folder}/{fd}") for fd in os.listdir(folder)
                  if int(fd) > 2 and os.path.exists(f"{folder}/{fd}")]
    inherited = subprocess.run(["ls", folder], capture_output=True, text=True, close_fds=False).stdout
    return tell((sorted(target.split(":")[0] for target in open_files), inherited.split()))
"""
    )
    scheduler.run(*(task("work") for _ in range(3)))
    sockets, inherited = eval(told(scheduler.run_one(task("work")).outcome))
    assert sockets == ["socket"]
    assert inherited == ["0", "1", "2", "3"], (
        "a program gets the standard descriptors (3 is the listing itself)"
    )


def test_what_a_task_leaves_running_in_its_group_is_ended(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    start_worker(
        HEAD
        + """
def work(workload):
    polite = subprocess.Popen(["sleep", "600"])
    stubborn = subprocess.Popen(["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"])
    return tell(f"{polite.pid} {stubborn.pid}")
"""
    )
    pids = [int(pid) for pid in told(scheduler.run_one(task("work")).outcome).split()]
    wait_until(lambda: not any(map(is_alive, pids)), "the end of leftover processes")


def test_a_fork_of_the_task_that_comes_back_does_not_report(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    start_worker(
        HEAD
        + """
def work(workload):
    if os.fork() == 0:
        raise RuntimeError("the child returns first")
    time.sleep(0.3)
    return tell("parent")
"""
    )
    assert told(scheduler.run_one(task("work")).outcome) == "parent"


def test_a_task_that_writes_to_the_platforms_socket_is_ended(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    start_worker(
        HEAD
        + """
import stat
def work(workload):
    for descriptor in range(3, 50):
        try:
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode): os.write(descriptor, b"\\0\\0\\0\\4junk")
        except OSError: pass
    time.sleep(600)
"""
    )
    outcome = scheduler.run_one(task("work")).outcome
    assert outcome == Failed(
        reason="its process sent something that is no message of an attempt", cause="killed"
    )


def test_a_callback_runs_once_granted_and_fails_by_raising(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    worker = start_worker(
        "def on_success(callback): print('called for', callback.task_id)\n"
        "def on_failure(callback): raise RuntimeError('no mail server')"
    )
    common = {"run": run_context(), "file": "script.py", "task_id": "load"}
    good = RunCallback(attempt_id="c1", callback_id="1", kind="success", **common)  # type: ignore[arg-type]
    bad = RunCallback(attempt_id="c2", callback_id="2", kind="failure", **common)  # type: ignore[arg-type]
    outcomes = [report.outcome for report in scheduler.run(good, bad)]
    assert outcomes[0] == Succeeded()
    assert isinstance(outcomes[1], Failed)
    assert outcomes[1].reason == "RuntimeError: no mail server"
    assert worker.messages_of(good) == ["called for load"]


def test_an_unknown_user_fails_the_attempt_before_user_code(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    start_worker("def work(workload): raise AssertionError('must not run')")
    outcome = scheduler.run_one(task("work", run_as_user="nobody-of-this-name")).outcome
    assert isinstance(outcome, Failed)
    assert outcome.cause == "not_started"
    assert "nobody-of-this-name" in outcome.reason

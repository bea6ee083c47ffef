"""Importing DAG files: once per version, and what becomes of attempts whose file is broken."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import pytest

from etesian.bundles.git_source import GitAccess, GitSource
from etesian.bundles.versions import VersionFolders
from etesian.protocol.reports import Failed, Outcome, Succeeded
from etesian.protocol.requests import FoundValue, GetVariable, Refused
from etesian.telemetry.task_logs import import_log_path, iterate_log
from tests.integration.worker.conftest import StartWorker
from tests.integration.worker.harness import SchedulerUnderTest, is_alive, kill_hard, task, wait_until
from tests.servers.git import Repository

HEAD = """
import os, sys, time
from etesian.protocol.reports import Succeeded, XComValue
def tell(value): return Succeeded(xcoms=(XComValue(key="told", value=str(value).encode()),))
"""
COUNTING = (
    HEAD
    + "loaded_in = os.getpid()\ndef work(workload): return tell((loaded_in, os.getppid(), os.getpid()))\n"
)
ASKING = (
    HEAD
    + """
from etesian.sdk.runtime import current_platform
from etesian.protocol.requests import GetVariable
region = current_platform().ask(GetVariable(key='region')).value
def work(workload): return tell(region)
"""
)


def told(outcome: Outcome) -> str:
    assert isinstance(outcome, Succeeded), outcome
    return outcome.xcoms[0].value.decode()


def failed(outcome: Outcome) -> Failed:
    assert isinstance(outcome, Failed)
    return outcome


def test_a_file_is_imported_once_for_many_attempts(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    start_worker(COUNTING)
    answers = [eval(told(report.outcome)) for report in scheduler.run(*(task("work") for _ in range(10)))]
    assert len({loaded_in for loaded_in, _, _ in answers}) == 1
    assert all(loaded_in == parent for loaded_in, parent, _ in answers)


def test_a_new_version_of_the_code_is_imported_anew_and_the_old_host_ends(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    worker = start_worker(COUNTING)
    old = eval(told(scheduler.run_one(task("work", code_hash="1")).outcome))[0]
    worker.write_dag(COUNTING.replace("return tell(", "return tell(('new',) + "))
    new = eval(told(scheduler.run_one(task("work", code_hash="2")).outcome))
    assert new[0] == "new"
    wait_until(lambda: not is_alive(old), "the end of the old DAG host")


def test_an_import_error_fails_the_attempt_with_the_traceback_in_its_log(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    worker = start_worker("print('before the fault')\nimport no_such_module\n")
    first, second = task("work"), task("work")
    for work in (first, second):
        outcome = failed(scheduler.run_one(work).outcome)
        assert outcome.cause == "not_started"
        assert outcome.reason == (
            "importing the DAG file 'script.py' failed: ModuleNotFoundError: No module named 'no_such_module'"
        )
        (line,) = worker.log_of(work)
        assert line.m == outcome.reason
        assert line.e is not None
        assert "import no_such_module" in line.e
    printed = [line.m for line in iterate_log(import_log_path(worker.logs, "dags", "script.py"))]
    assert printed[0] == "before the fault"


def test_a_repaired_file_works_without_a_restart(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    worker = start_worker("import no_such_module\n")
    failed(scheduler.run_one(task("work", code_hash="1")).outcome)
    worker.write_dag(COUNTING)
    told(scheduler.run_one(task("work", code_hash="2")).outcome)


def test_a_file_that_exits_while_it_is_imported_is_an_import_error(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    start_worker("import sys\nsys.exit('no configuration')")
    reason = failed(scheduler.run_one(task("work")).outcome).reason
    assert reason == "importing the DAG file 'script.py' failed: SystemExit: no configuration"


def test_a_file_that_ends_its_process_while_it_is_imported_is_named(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    start_worker("import os\nos._exit(7)")
    outcome = failed(scheduler.run_one(task("work")).outcome)
    assert outcome.cause == "not_started"
    assert outcome.reason == "importing the DAG file 'script.py' ended: exit code 7"


def test_a_file_that_hangs_while_it_is_imported_is_ended_with_its_children(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    worker = start_worker(
        "import subprocess, time\n"
        "subprocess.Popen(['sh', '-c', 'while :; do sleep 0.1; done', __file__])\n"
        "time.sleep(600)",
        import_timeout_seconds=1.0,
    )
    outcome = failed(scheduler.run_one(task("work")).outcome)
    assert outcome.cause == "not_started"
    assert outcome.reason == "importing the DAG file 'script.py' took longer than 1 s and was ended"
    wait_until(lambda: not worker.processes("sh"), "the end of the child")


def test_a_bundle_that_the_worker_does_not_have_is_named(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    start_worker(COUNTING)
    outcome = failed(scheduler.run_one(task("work", bundle="other")).outcome)
    assert (outcome.cause, outcome.reason) == ("not_started", "this worker has no bundle 'other'")


def test_a_program_that_a_file_starts_when_it_is_imported_may_end_any_time(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    start_worker("import subprocess\nsubprocess.Popen(['sleep', '0.3'])\n" + COUNTING)
    first = eval(told(scheduler.run_one(task("work")).outcome))[0]
    scheduler.turn_for(0.6)
    assert eval(told(scheduler.run_one(task("work")).outcome))[0] == first


def test_a_file_outside_its_bundle_is_refused(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    start_worker(COUNTING)
    for file in ("../script.py", "/etc/passwd", "a/../../b.py"):
        assert "is not inside its bundle" in failed(scheduler.run_one(task("work", file=file)).outcome).reason


def test_a_file_that_starts_threads_gets_a_fresh_interpreter_per_attempt(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    start_worker(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n"
        + COUNTING
    )
    answers = [eval(told(report.outcome)) for report in scheduler.run(*(task("work") for _ in range(3)))]
    assert len({pid for _, _, pid in answers}) == 3
    assert all(loaded_in == pid for loaded_in, _, pid in answers), "each process imported the file itself"


def test_isolation_spawn_gives_a_fresh_interpreter(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    worker = start_worker(COUNTING + "def hello(workload): print('hello'); os.system('echo program')\n")
    loaded_in, _, pid = eval(told(scheduler.run_one(task("work", isolation="spawn")).outcome))
    assert loaded_in == pid
    hello = task("hello", isolation="spawn")
    scheduler.run(hello)
    assert sorted(worker.messages_of(hello)) == ["hello", "program"]


def test_an_import_error_in_a_fresh_interpreter_is_told_too(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    worker = start_worker("import no_such_module")
    work = task("work", isolation="spawn")
    outcome = failed(scheduler.run_one(work).outcome)
    assert outcome.cause == "not_started"
    assert "No module named 'no_such_module'" in outcome.reason
    assert any("import no_such_module" in message for message in worker.messages_of(work))


def test_a_fresh_interpreter_that_hangs_while_it_imports_is_ended(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    start_worker("import time; time.sleep(600)", import_timeout_seconds=1.0)
    outcome = failed(scheduler.run_one(task("work", isolation="spawn")).outcome)
    assert outcome.cause == "not_started"
    assert "took longer than 1 s" in outcome.reason


def test_code_at_the_top_of_a_file_may_ask_the_platform(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    start_worker(ASKING)
    scheduler.answer = lambda request: (
        FoundValue(value="north")
        if request == GetVariable(id=1, key="region")
        else Refused(reason="unexpected")
    )
    assert told(scheduler.run_one(task("work")).outcome) == "north"


def test_code_at_the_top_of_a_file_may_ask_in_a_fresh_interpreter(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    start_worker(ASKING)
    scheduler.answer = lambda _request: FoundValue(value="south")
    assert told(scheduler.run_one(task("work", isolation="spawn")).outcome) == "south"


def test_a_question_at_the_top_of_a_file_has_a_bound(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    start_worker(
        "from etesian.sdk.runtime import current_platform\n"
        "from etesian.protocol.requests import GetVariable\n"
        "current_platform().ask(GetVariable(key='region'))\n",
        import_request_seconds=0.5,
    )
    reason = failed(scheduler.run_one(task("work")).outcome).reason
    assert reason.endswith("GetVariable got no answer within 0.5 s; is the scheduler running?")


def test_idle_hosts_make_room_for_others_the_longest_unused_first(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    worker = start_worker(max_dag_hosts=2)
    for name in ("a", "b", "c"):
        worker.write_dag(COUNTING, f"{name}.py")
    hosts = {}
    for name in ("a", "b", "a", "c"):
        work = task("work", file=f"{name}.py")
        hosts[name] = eval(told(scheduler.run_one(work).outcome))[0]
        scheduler.wait_for(partial(scheduler.usage.__contains__, work.attempt_id), "the end of its process")
    wait_until(lambda: not is_alive(hosts["b"]), "the end of the host of b.py")
    assert is_alive(hosts["a"])
    assert is_alive(hosts["c"])


def test_a_host_that_uses_too_much_memory_goes_when_it_is_idle(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    worker = start_worker(dag_host_memory_bytes=40 * 1024 * 1024)
    worker.write_dag("ballast = bytearray(b'x') * (60 * 1024 * 1024)\n" + COUNTING, "large.py")
    worker.write_dag(COUNTING, "small.py")
    large = eval(told(scheduler.run_one(task("work", file="large.py")).outcome))[0]
    told(scheduler.run_one(task("work", file="small.py")).outcome)
    wait_until(lambda: not is_alive(large), "the end of the large host")


def test_a_quiet_worker_gives_its_spares_and_hosts_back(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    worker = start_worker(COUNTING, spare_idle_seconds=0.2, dag_host_idle_seconds=1.5)
    scheduler.run(*(task("work") for _ in range(3)))
    wait_until(lambda: not worker.processes("etesian attempt"), "the end of the spare")
    assert worker.processes("dag host")
    wait_until(lambda: not worker.processes("dag host"), "the end of the host")
    told(scheduler.run_one(task("work")).outcome)


def test_the_hosts_together_keep_no_more_spares_than_are_allowed(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    worker = start_worker(max_spares=2, spare_idle_seconds=60)
    files = [f"file_{number}.py" for number in range(4)]
    for name in files:
        worker.write_dag(COUNTING, name)
    for _ in range(2):
        for work in [task("work", file=name) for name in files]:
            told(scheduler.run_one(work).outcome)
            scheduler.wait_for(
                partial(scheduler.usage.__contains__, work.attempt_id), "the end of its process"
            )
    wait_until(lambda: len(worker.processes("etesian attempt")) == 2, "two spares")
    assert len(worker.processes("dag host")) == 4


def test_a_spare_that_dies_is_not_given_an_attempt(
    start_worker: StartWorker, scheduler: SchedulerUnderTest
) -> None:
    worker = start_worker(COUNTING, spare_idle_seconds=60)
    scheduler.run(task("work"))
    wait_until(lambda: len(worker.processes("etesian attempt")) == 1, "one spare")
    (spare,) = worker.processes("etesian attempt")
    kill_hard(spare)
    scheduler.turn_for(0.3)
    told(scheduler.run_one(task("work")).outcome)


@pytest.mark.parametrize("isolation", ["fork", "spawn"])
def test_tasks_import_their_file_in_the_version_of_their_run_also_if_it_was_deleted(
    start_worker: StartWorker, scheduler: SchedulerUnderTest, tmp_path: Path, isolation: str
) -> None:
    upstream, folders = Repository(tmp_path / "upstream"), VersionFolders(tmp_path / "bundle", "dags")
    source = GitSource(
        folders,
        lambda: GitAccess(str(upstream.folder)),
        ref="main",
        refresh_seconds=60.0,
        timeout_seconds=30.0,
    )
    commits = []
    for text in ("old", "new"):
        files = {"dags/script.py": HEAD + f"def work(workload): return tell({text!r})\n"}
        commits.append(upstream.commit(files))
        source.refresh()
    shutil.rmtree(folders.root / "versions" / commits[0])
    start_worker(versions={"team": {"root": str(folders.root), "subfolder": "dags"}})
    asked = [
        task("work", bundle="team", bundle_version=commit, isolation=isolation) for commit in (*commits, None)
    ]
    assert [told(scheduler.run_one(workload).outcome) for workload in asked] == ["old", "new", "new"]


def test_a_version_that_cannot_be_had_fails_the_attempt_and_says_so(
    start_worker: StartWorker, scheduler: SchedulerUnderTest, tmp_path: Path
) -> None:
    start_worker(versions={"team": {"root": str(tmp_path / "bundle")}})
    pinned = failed(scheduler.run_one(task("work", bundle="team", bundle_version="c0ffee")).outcome)
    assert pinned.reason.startswith(
        "importing the DAG file 'script.py' failed: BundleError: `git read-tree` failed"
    )
    newest = failed(scheduler.run_one(task("work", bundle="team")).outcome)
    assert newest.reason == "bundle 'team' was not fetched yet"

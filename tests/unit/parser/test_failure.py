import signal
from pathlib import Path

from etesian.foundation.errors import EtesianError
from etesian.parser.failure import FailureWriter
from etesian.parser.messages import ChildEnded, ParseFiles, Verdict

FOLDER = Path("/srv/dags")
REQUEST = ParseFiles(
    number=1, folder=str(FOLDER), files=("etl.py",), timeout_seconds=2.5, memory_limit_bytes=3 << 20
)
DUMP = """output of the file
Fatal Python error: Aborted

Current thread 0x00007f (most recent call first):
  File "/usr/lib/python3.11/socket.py", line 706 in readinto
  File "/srv/dags/etl.py", line 12 in fetch
  File "/srv/dags/etl.py", line 40 in <module>
  File "<frozen importlib._bootstrap>", line 241 in _call_with_frames_removed
  File "/lib/etesian/sdk/dags/dag_loading.py", line 125 in _execute
  File "/lib/etesian/parser/child.py", line 64 in parse_file
"""


def describe(status: int = 0, verdict: Verdict = Verdict.NONE, output: str = ""):
    ended = ChildEnded(number=1, status=status, verdict=verdict, output=output)
    return FailureWriter(FOLDER, "etl.py").of_end(ended, REQUEST)


def test_a_file_that_hung_is_told_the_innermost_of_its_lines():
    failure = describe(signal.SIGABRT, Verdict.TIMEOUT, DUMP)
    assert failure.line == 12
    assert failure.message.startswith("etl.py:12: the import did not end within 2.5 seconds and was stopped;")


def test_a_dump_shows_the_frames_of_the_author_and_not_ours():
    message = describe(signal.SIGABRT, Verdict.TIMEOUT, DUMP).message
    assert "line 40 in <module>" in message
    assert "importlib" not in message
    assert "child.py" not in message


def test_a_file_that_ate_memory_is_told_the_limit():
    assert "more than 3 MB of memory" in describe(signal.SIGABRT, Verdict.MEMORY, DUMP).message


def test_a_process_that_ended_itself_is_told_its_exit_status():
    expected = "etl.py: the process ended with exit status 3 while it imported the file;"
    assert describe(status=3 << 8).message.startswith(expected)


def test_a_process_that_crashed_is_told_the_signal():
    assert "was killed by SIGSEGV" in describe(status=signal.SIGSEGV).message


def test_a_flood_of_output_is_cut():
    assert len(describe(status=256, output="x" * 100_000 + "\n" + "y\n" * 100_000).message) < 2_000


def test_an_error_of_a_dag_names_the_dag_and_its_line():
    failure = FailureWriter(FOLDER, "etl.py").of_dag(EtesianError("a cycle: a, b, a"), "etl", 9)
    assert (failure.line, failure.message) == (9, "etl.py:9: DAG 'etl': a cycle: a, b, a")


def test_an_error_that_names_the_dag_does_not_name_it_twice():
    failure = FailureWriter(FOLDER, "etl.py").of_dag(EtesianError("DAG 'etl' has a cycle"), "etl", None)
    assert failure.message == "etl.py: DAG 'etl' has a cycle"

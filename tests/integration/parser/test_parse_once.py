"""DAG files of every kind, imported in real processes."""

import os
from pathlib import Path
from textwrap import dedent
from zipfile import ZipFile

import pytest

from etesian.parser.once import LocalFile, NoDagFileError, parse_once
from etesian.parser.settings import Bundle, ParserSettings
from etesian.protocol.requests import FoundValue, GetVariable

HEAD = "from etesian import DAG\n"
GOOD = HEAD + "with DAG('good'):\n    pass\n"


def parse(folder: Path, answer=None, **settings) -> dict[str, LocalFile]:
    values = {"bundles": (Bundle("dags", folder),), "file_timeout_seconds": 20.0, **settings}
    found = parse_once([folder], settings=ParserSettings(**values), answer=answer)
    return {result.file: result for result in found}


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.py").write_text(dedent(text))


def test_dags_of_old_and_new_spelling_are_read(tmp_path):
    write(
        tmp_path,
        new="""
            from etesian import dag, task

            @dag(schedule="@daily")
            def modern():
                @task
                def one(): ...
                one()

            modern()
        """,
        old="""
            from airflow import DAG
            from airflow.operators.bash_operator import BashOperator

            dag = DAG("classic", schedule_interval="0 16 * * *")
            BashOperator(task_id="one", bash_command="true", dag=dag)
        """,
    )
    found = parse(tmp_path)
    assert [spec.dag_id for spec in found["new.py"].specs] == ["modern"]
    (classic,) = found["old.py"].specs
    assert (classic.file, [task.task_id for task in classic.tasks]) == ("old.py", ["one"])
    assert not any(result.failures for result in found.values())


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("x = = 1", 2, "SyntaxError: invalid syntax"),
        ("import no_such_module", 2, "No module named 'no_such_module'"),
        ("\nraise ValueError('no luck')", 3, "ValueError: no luck"),
        ("import sys\nsys.exit(3)", 3, "sys.exit(3)"),
        ("import os\nos._exit(3)", None, "ended with exit status 3"),
        ("import os\nos.kill(os.getpid(), 9)", None, "was killed by SIGKILL"),
        ("import ctypes\nctypes.string_at(0)", 3, "was killed by SIGSEGV"),
        ("raise KeyboardInterrupt", None, "KeyboardInterrupt"),
        ("dag = DAG('bad', schedule='0 24 * * *')", 2, "the hour field cannot be '24'; allowed: 0-23"),
        (
            (
                "from etesian.operators.empty import EmptyOperator\n"
                "with DAG('twice'):\n    EmptyOperator(task_id='a')\n    EmptyOperator(task_id='a')"
            ),
            5,
            "'a'",
        ),
        (
            (
                "from etesian.operators.empty import EmptyOperator\n"
                "with DAG('round'):\n    a, b = (EmptyOperator(task_id=n) for n in 'ab')\n    a >> b >> a"
            ),
            3,
            "a -> b -> a",
        ),
    ],
)
def test_a_bad_file_is_told_what_is_wrong_and_where_and_does_not_touch_others(tmp_path, text, line, words):
    write(tmp_path, a_good=GOOD, bad=HEAD + text, z_good=GOOD.replace("good", "later"))
    found = parse(tmp_path)
    (failure,) = found["bad.py"].failures
    assert failure.message.startswith("bad.py")
    assert words in failure.message
    assert failure.line == line
    assert [spec.dag_id for spec in found["a_good.py"].specs + found["z_good.py"].specs] == ["good", "later"]


def test_a_file_whose_name_is_not_utf8_is_told_by_its_name_in_escapes(tmp_path):
    write(tmp_path, good=GOOD)
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.py")).write_text(GOOD)
    found = parse(tmp_path)
    assert [spec.dag_id for spec in found["good.py"].specs] == ["good"]
    (failure,) = found["caf\\udce9.py"].failures
    assert "not UTF-8" in failure.message


def test_a_file_that_hangs_is_stopped_and_told_its_line(tmp_path):
    write(tmp_path, bad=HEAD + "import time\n\ntime.sleep(600)\n", good=GOOD)
    found = parse(tmp_path, file_timeout_seconds=2.0)
    (failure,) = found["bad.py"].failures
    assert failure.line == 4
    assert failure.message.startswith("bad.py:4: the import did not end within 2 seconds")
    assert found["good.py"].specs


def test_a_file_that_ignores_signals_is_stopped_too(tmp_path):
    write(
        tmp_path,
        bad=HEAD + "import signal\nsignal.signal(signal.SIGABRT, signal.SIG_IGN)\nwhile True: pass\n",
    )
    (failure,) = parse(tmp_path, file_timeout_seconds=2.0)["bad.py"].failures
    assert "did not end within 2 seconds" in failure.message


def test_a_file_that_eats_memory_is_stopped_and_told_its_line(tmp_path):
    write(tmp_path, bad=HEAD + "found = []\nwhile True:\n    found.append('x' * 5_000_000)\n", good=GOOD)
    found = parse(tmp_path, memory_limit_bytes=300 << 20)
    (failure,) = found["bad.py"].failures
    assert failure.line == 4
    assert "more than 300 MB of memory" in failure.message
    assert found["good.py"].specs


def test_a_file_that_prints_a_gigabyte_is_read(tmp_path):
    text = "import os\nfor _ in range(1024):\n    os.write(1, b'x' * 1024 * 1024)\n"
    write(tmp_path, loud=GOOD + text)
    found = parse(tmp_path, file_timeout_seconds=60.0)
    assert [spec.dag_id for spec in found["loud.py"].specs] == ["good"]


def test_what_a_file_started_ends_with_it(tmp_path):
    marker = tmp_path / "pids"
    write(
        tmp_path,
        forks=HEAD
        + f"""
import os, time
for detached in (False, True):
    if os.fork() == 0:
        if detached:
            os.setsid()
        with open({str(marker)!r}, "a") as file:
            file.write(f"{{os.getpid()}}\\n")
        time.sleep(600)
while not os.path.exists({str(marker)!r}) or len(open({str(marker)!r}).read().split()) < 2:
    time.sleep(0.01)
dag = DAG("forker")
""",
    )
    assert [spec.dag_id for spec in parse(tmp_path)["forks.py"].specs] == ["forker"]
    pids = [int(pid) for pid in marker.read_text().split()]
    assert len(pids) == 2
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_one_bad_dag_does_not_stop_the_others_of_its_file(tmp_path):
    write(tmp_path, mixed=HEAD + "bad = DAG('bad', schedule='nonsense')\ngood = DAG('good')\n")
    found = parse(tmp_path)["mixed.py"]
    assert [spec.dag_id for spec in found.specs] == ["good"]
    (failure,) = found.failures
    assert "cron expression 'nonsense' is not valid" in failure.message
    assert failure.line == 2


def test_files_do_not_see_what_other_files_left_behind(tmp_path):
    """Many files share a process when it is safe; what one leaves behind is never found by the next one."""
    for number in range(20):
        write(
            tmp_path,
            **{
                f"f{number:02}": HEAD
                + f"""
import os, sys, threading
import helper
assert helper.seen == [], helper.seen
helper.seen.append({number})
assert "LEFT_BEHIND" not in os.environ
assert "/left/behind" not in sys.path
assert threading.active_count() == 1
sys.path.insert(0, "/left/behind")
if {number} % 5 == 0:
    os.environ["LEFT_BEHIND"] = "1"
if {number} % 7 == 0:
    threading.Thread(target=threading.Event().wait, daemon=True).start()
dag = DAG("dag_{number}")
"""
            },
        )
    (tmp_path / "helper.py").write_text("seen = []\n")
    found = parse(tmp_path)
    assert [spec.dag_id for result in found.values() for spec in result.specs] == [
        f"dag_{n}" for n in range(20)
    ]


def test_module_level_code_reads_variables_of_the_platform(tmp_path):
    write(tmp_path, reads=HEAD + "from etesian import Variable\ndag = DAG(Variable.get('name'))\n")

    def answer(request):
        assert isinstance(request, GetVariable)
        return FoundValue(id=request.id, value=f"from_{request.key}")

    found = parse(tmp_path, answer=answer)
    assert [spec.dag_id for spec in found["reads.py"].specs] == ["from_name"]


def test_without_a_platform_a_variable_is_not_there_and_the_line_is_named(tmp_path):
    write(tmp_path, reads=HEAD + "from etesian import Variable\nVariable.get('name')\n")
    (failure,) = parse(tmp_path)["reads.py"].failures
    assert failure.line == 3
    assert "name" in failure.message


def test_a_single_file_imports_modules_of_its_bundle(tmp_path):
    (tmp_path / "team").mkdir()
    (tmp_path / "shared.py").write_text("NAME = 'shared_name'")
    (tmp_path / "team" / "etl.py").write_text(HEAD + "import shared\ndag = DAG(shared.NAME)\n")
    settings = ParserSettings(bundles=(Bundle("dags", tmp_path),))
    (found,) = parse_once([tmp_path / "team" / "etl.py"], settings=settings)
    assert (found.file, [spec.dag_id for spec in found.specs]) == ("team/etl.py", ["shared_name"])


def test_files_that_speak_of_no_dags_are_left_out_of_folders_only(tmp_path):
    write(tmp_path, tool="raise SystemExit(1)")
    assert parse(tmp_path) == {}
    assert parse_once([tmp_path / "tool.py"])[0].failures


def test_a_path_that_is_no_dag_file_is_refused(tmp_path):
    with pytest.raises(NoDagFileError, match="neither a Python file"):
        parse_once([tmp_path / "nothing.txt"])


def test_secrets_of_the_installation_do_not_reach_user_code(tmp_path, monkeypatch):
    monkeypatch.setenv("ETESIAN__DATABASE__URL", "postgresql://user:secret@host/db")
    monkeypatch.setenv("ETESIAN__SECRETS__FERNET_KEYS", "key")
    write(
        tmp_path,
        looks=HEAD
        + "import os\ndag = DAG('seen_' + str(any(name.startswith('ETESIAN__') for name in os.environ)))\n",
    )
    assert [spec.dag_id for spec in parse(tmp_path)["looks.py"].specs] == ["seen_False"]


def test_user_code_is_kept_from_the_database_driver(tmp_path):
    write(tmp_path, looks=HEAD + "import sys\ndag = DAG('seen_' + str('sqlalchemy' in sys.modules))\n")
    assert [spec.dag_id for spec in parse(tmp_path)["looks.py"].specs] == ["seen_False"]


def test_a_file_that_kills_the_nursery_is_given_up_and_the_others_are_read(tmp_path):
    write(
        tmp_path,
        a=GOOD,
        bad=HEAD + "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n",
        z=GOOD.replace("good", "z"),
    )
    found = parse(tmp_path)
    (failure,) = found["bad.py"].failures
    assert failure.message == "bad.py: the parser's process died each time that it imported this file"
    assert [spec.dag_id for name in ("a.py", "z.py") for spec in found[name].specs] == ["good", "z"]


def test_a_custom_timetable_has_its_next_points_written_down(tmp_path):
    write(
        tmp_path,
        custom="""
            from datetime import datetime, timedelta, timezone
            from etesian import DAG
            from etesian.sdk.timetables.timetable_base import DagRunInfo, Timetable

            class EveryOtherDay(Timetable):
                def next_dagrun_info(self, *, last_automated_data_interval, restriction):
                    start = restriction.earliest
                    if last_automated_data_interval is not None:
                        start = last_automated_data_interval.end + timedelta(days=1)
                    return DagRunInfo.interval(start=start, end=start + timedelta(days=1))

            start = datetime(2030, 1, 1, tzinfo=timezone.utc)
            dag = DAG("custom", timetable=EveryOtherDay(), start_date=start, catchup=True)
        """,
    )
    (spec,) = parse(tmp_path)["custom.py"].specs
    assert [point.run_after.day for point in spec.schedule.points[:3]] == [2, 4, 6]
    assert len(spec.schedule.points) >= 32


def test_an_archive_of_dag_files_is_read(tmp_path):
    with ZipFile(tmp_path / "team.zip", "w") as archive:
        archive.writestr("etl.py", HEAD + "import names\ndag = DAG(names.NAME)\n")
        archive.writestr("names.py", "NAME = 'zipped'\n")
    found = parse(tmp_path)["team.zip"]
    assert [(spec.dag_id, spec.file) for spec in found.specs] == [("zipped", "team.zip")]

"""The parser against a real store: files come, change and go, and the store follows."""

import os
from pathlib import Path

from etesian.foundation.clock import utc_now
from etesian.parser.settings import Bundle
from etesian.protocol.commands import DagGone, SpecChanged
from etesian.store.queries import dags
from etesian.store.queries.versions import list_versions, load_newest_spec, load_source
from tests.integration.parser.platform import dag_file, eventually


def test_files_that_are_there_become_dags_and_the_scheduler_is_told(platform):
    platform.write("a.py", dag_file("a"))
    platform.write("team/b.py", dag_file("b"))
    with platform.parsing():
        eventually(lambda: platform.dag_ids() == ["a", "b"])
    assert {command.dag_id for command in platform.commands() if isinstance(command, SpecChanged)} == {
        "a",
        "b",
    }
    with platform.store.read() as connection:
        assert dags.load_dag(connection, "b").file == "team/b.py"
        assert load_source(connection, "b") == dag_file("b")


def test_a_new_file_a_change_and_a_removal_are_followed(platform):
    with platform.parsing(rescan_interval_seconds=600):
        platform.write("a.py", dag_file("a"))
        eventually(lambda: platform.dag_ids() == ["a"])
        platform.write("a.py", dag_file("a", "dag.description = 'changed'"))
        eventually(lambda: platform.description("a") == "changed")
        (platform.folder / "a.py").unlink()
        eventually(lambda: platform.dag_ids() == [])
    assert DagGone(dag_id="a") in platform.commands()


def test_changes_are_found_without_notifications_too(platform, monkeypatch):
    monkeypatch.setattr("etesian.parser.watcher.FolderWatcher.drain", lambda _self: False)
    with platform.parsing(rescan_interval_seconds=0.1):
        platform.write("a.py", dag_file("a"))
        eventually(lambda: platform.dag_ids() == ["a"])


def test_quick_edits_of_equal_size_are_all_seen(platform):
    """Python's own cache of bytecode would mistake the second one for the first."""
    with platform.parsing():
        for number in range(5):
            platform.write("a.py", dag_file(f"a{number}"))
            eventually(lambda number=number: platform.dag_ids() == [f"a{number}"])


def test_a_file_that_moves_keeps_its_dag(platform):
    platform.write("old.py", dag_file("a"))
    with platform.parsing():
        eventually(lambda: platform.dag_ids() == ["a"])
        (platform.folder / "old.py").rename(platform.folder / "new.py")
        eventually(lambda: platform.dag_ids(file="new.py") == ["a"])
    assert platform.errors() == {}


def test_a_broken_file_keeps_its_last_good_version_until_it_is_mended(platform):
    platform.write("a.py", dag_file("a"))
    platform.write("b.py", dag_file("b"))
    with platform.parsing():
        eventually(lambda: platform.dag_ids() == ["a", "b"])
        platform.write("a.py", dag_file("a", "raise ValueError('oh')"))
        eventually(lambda: "a.py" in platform.errors())
        assert platform.errors()["a.py"].startswith("a.py:4: ValueError: oh")
        assert platform.dag_ids() == ["a", "b"]
        platform.write("a.py", dag_file("a", "dag.description = 'mended'"))
        eventually(lambda: platform.description("a") == "mended")
        eventually(lambda: platform.errors() == {})


def test_a_file_whose_name_is_not_utf8_is_told_and_touches_no_other(platform):
    misnamed = Path(os.fsdecode(os.fsencode(platform.folder) + b"/caf\xe9.py"))
    misnamed.write_text(dag_file("latin"))
    reader = "import pathlib\n[path.read_text() for path in pathlib.Path(__file__).parent.glob('*.py')]\n"
    platform.write("other.py", reader + dag_file("good"))
    with platform.parsing():
        eventually(lambda: platform.dag_ids() == ["good"])
        eventually(lambda: "caf\\udce9.py" in platform.errors())
        assert "not UTF-8" in platform.errors()["caf\\udce9.py"]
    with platform.parsing():
        misnamed.rename(platform.folder / "café.py")
        eventually(lambda: platform.dag_ids() == ["good", "latin"])
        eventually(lambda: not platform.errors())


def test_a_message_that_is_not_valid_unicode_is_told(platform):
    platform.write("bad.py", "from etesian import DAG\nraise ValueError('no file caf\\udce9')\n")
    with platform.parsing():
        eventually(lambda: "no file caf\\udce9" in platform.errors().get("bad.py", ""))


def test_the_second_definition_of_a_dag_is_refused_until_the_first_one_goes(platform):
    platform.write("a.py", dag_file("same"))
    with platform.parsing():
        eventually(lambda: platform.dag_ids() == ["same"])
        platform.write("b.py", dag_file("same"))
        eventually(lambda: "b.py" in platform.errors())
        assert "b.py:2: DAG 'same' is already defined in a.py" in platform.errors()["b.py"]
        assert platform.dag_ids(file="a.py") == ["same"]
        (platform.folder / "a.py").unlink()
        eventually(lambda: platform.dag_ids(file="b.py") == ["same"])
        eventually(lambda: platform.errors() == {})


def test_a_changed_module_changes_the_files_that_import_it_and_no_others(platform):
    platform.write("helper.py", "TEXT = 'one'")
    platform.write("uses.py", dag_file("uses", "import helper\ndag.description = helper.TEXT\n"))
    platform.write("other.py", dag_file("other"))
    with platform.parsing():
        eventually(lambda: platform.description("uses") == "one")
        eventually(lambda: platform.dag_ids() == ["other", "uses"])
        with platform.store.read() as connection:
            parsed_at = dags.load_dag(connection, "other").last_parsed_at
        platform.write("helper.py", "TEXT = 'two'")
        eventually(lambda: platform.description("uses") == "two")
        with platform.store.read() as connection:
            assert dags.load_dag(connection, "other").last_parsed_at == parsed_at


def test_a_factory_follows_the_data_files_it_reads(platform):
    platform.write(
        "factory.py",
        "from pathlib import Path\nfrom etesian import DAG\n"
        "for file in sorted((Path(__file__).parent / 'conf').glob('*.txt')):\n"
        "    globals()[file.stem] = DAG(file.stem, description=file.read_text())\n",
    )
    platform.write("conf/first.txt", "one")
    with platform.parsing():
        eventually(lambda: platform.dag_ids() == ["first"])
        platform.write("conf/second.txt", "two")
        eventually(lambda: platform.dag_ids() == ["first", "second"])
        platform.write("conf/first.txt", "three")
        eventually(lambda: platform.description("first") == "three")


def test_a_missing_module_that_appears_mends_the_file(platform):
    platform.write(".airflowignore", "lib\n")
    platform.write("a.py", dag_file("a", "import lib.late\n"))
    with platform.parsing():
        eventually(lambda: "No module named" in platform.errors().get("a.py", ""))
        platform.write("lib/late.py", "")
        eventually(lambda: platform.dag_ids() == ["a"])
        eventually(lambda: platform.errors() == {})


def test_what_went_away_while_no_parser_ran_is_noticed_at_the_start(platform):
    platform.write("a.py", dag_file("a"))
    platform.write("b.py", dag_file("b"))
    platform.write("c.py", "import etesian, dag_of_nobody")
    with platform.parsing():
        eventually(lambda: platform.dag_ids() == ["a", "b"])
        eventually(lambda: "c.py" in platform.errors())
    (platform.folder / "b.py").unlink()
    (platform.folder / "c.py").unlink()
    with platform.parsing():
        eventually(lambda: platform.dag_ids() == ["a"])
        eventually(lambda: platform.errors() == {})


def test_a_restart_makes_no_new_versions(platform):
    platform.write("a.py", dag_file("a"))
    for _ in range(2):
        with platform.parsing():
            began = utc_now()
            eventually(lambda began=began: platform.parsed_since("a", began))
    with platform.store.read() as connection:
        assert [version.number for version in list_versions(connection, "a")] == [1]


def test_a_folder_that_goes_away_takes_no_dags_with_it(platform, caplog):
    platform.write("a.py", dag_file("a"))
    with platform.parsing(rescan_interval_seconds=0.05):
        eventually(lambda: platform.dag_ids() == ["a"])
        hidden = platform.folder.rename(platform.folder.with_name("hidden"))
        (hidden / "b.py").write_text(dag_file("b"))
        eventually(lambda: "cannot be read" in caplog.text)
        assert platform.dag_ids() == ["a"]
        hidden.rename(platform.folder)
        eventually(lambda: platform.dag_ids() == ["a", "b"])


def test_a_bundle_that_is_switched_off_takes_its_dags_with_it(platform, tmp_path):
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "b.py").write_text(dag_file("b"))
    platform.write("a.py", dag_file("a"))
    both = (Bundle("dags", platform.folder), Bundle("examples", tmp_path / "more"))
    with platform.parsing(bundles=both):
        eventually(lambda: platform.dag_ids() == ["a", "b"])
    with platform.parsing():
        eventually(lambda: platform.dag_ids() == ["a"])


def test_an_unchanged_file_is_parsed_again_from_time_to_time(platform):
    platform.write("a.py", dag_file("a"))
    with platform.parsing(reparse_interval_seconds=0.2):
        eventually(lambda: platform.dag_ids() == ["a"])
        began = utc_now()
        eventually(lambda: platform.parsed_since("a", began))


def test_module_level_code_may_look_things_up_but_not_act(platform):
    platform.write(
        "a.py",
        "from etesian import DAG, Variable\n"
        "from etesian.protocol.requests import TriggerRun\n"
        "from etesian.sdk.runtime import current_platform\n"
        "Variable.set('from_file', 'kept')\n"
        "refused = current_platform().ask(TriggerRun(dag_id='a'))\n"
        "dag = DAG('a', description=f\"{Variable.get('from_file')}; {refused.reason}\")\n",
    )
    with platform.parsing():
        eventually(lambda: platform.dag_ids() == ["a"])
    assert platform.description("a") == "kept; TriggerRun works in a task, not while a DAG file is imported"


def test_the_points_of_a_custom_timetable_are_renewed_before_they_run_out(platform):
    platform.write(
        "a.py",
        "from datetime import datetime, timedelta, timezone\n"
        "from etesian import DAG\n"
        "from etesian.sdk.timetables.timetable_base import DagRunInfo, Timetable\n"
        "class Often(Timetable):\n"
        "    def next_dagrun_info(self, *, last_automated_data_interval, restriction):\n"
        "        start = datetime.now(timezone.utc)\n"
        "        if last_automated_data_interval is not None:\n"
        "            start = last_automated_data_interval.end\n"
        "        return DagRunInfo.interval(start=start, end=start + timedelta(milliseconds=10))\n"
        "dag = DAG('a', timetable=Often())\n",
    )

    def last_point():
        with platform.store.read() as connection:
            found = load_newest_spec(connection, "a")
        return found.spec.schedule.points[-1].run_after if found else None

    with platform.parsing(shortest_renewal_seconds=0.1):
        eventually(last_point)
        first = last_point()
        eventually(lambda: last_point() > first)
    with platform.store.read() as connection:
        assert [version.number for version in list_versions(connection, "a")] == [1]


def test_a_file_is_read_again_when_somebody_asks_for_it(platform):
    platform.write("a.py", dag_file("a"))
    platform.write("b.py", dag_file("b"))
    with platform.parsing(rescan_interval_seconds=600):
        eventually(lambda: platform.dag_ids() == ["a", "b"])
        began = utc_now()
        platform.ask("dags", "a.py")
        eventually(lambda: platform.parsed_since("a", began))
        assert not platform.parsed_since("b", began)
        platform.ask("dags")
        eventually(lambda: platform.parsed_since("b", began))
        platform.ask("nowhere", "a.py")
        platform.ask("dags", "gone.py")
        eventually(lambda: not platform.requests())


def test_a_dag_that_changes_by_itself_is_named_once(platform, caplog):
    text = "import time\n" + dag_file("a", "dag.description = str(time.time_ns())")
    platform.write("a.py", text)
    with platform.parsing(reparse_interval_seconds=0.05):
        eventually(lambda: "etesian dags diff a" in caplog.text)
        began = utc_now()
        eventually(lambda: platform.parsed_since("a", began))
    assert caplog.text.count("is another one each time that it is read") == 1

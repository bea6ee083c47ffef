from pathlib import Path

import pytest

from etesian.sdk.dags.dag_files import BundleUnreadableError, find_dag_files, mentions_dags


def lay_out(folder: Path, *files: str) -> None:
    for file in files:
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")


def test_python_files_and_archives_are_found_in_order(tmp_path):
    lay_out(tmp_path, "b.py", "a/z.py", "a/x.zip", "readme.md", "a/data.json")
    assert find_dag_files(tmp_path) == ["a/x.zip", "a/z.py", "b.py"]


def test_folders_that_hold_no_dags_are_left_out(tmp_path):
    lay_out(
        tmp_path,
        "a.py",
        ".git/hook.py",
        "__pycache__/a.py",
        ".venv/x.py",
        "env/pyvenv.cfg",
        "env/lib/x.py",
        "node_modules/x.py",
    )
    assert find_dag_files(tmp_path) == ["a.py"]


def test_ignore_files_count_for_their_folder_and_below(tmp_path):
    lay_out(tmp_path, "a.py", "draft_b.py", "team/c.py", "team/skip/d.py", "skip/e.py")
    (tmp_path / ".airflowignore").write_text("draft_*\n")
    (tmp_path / "team" / ".etesianignore").write_text("skip/\n")
    assert find_dag_files(tmp_path) == ["a.py", "skip/e.py", "team/c.py"]


def test_the_syntax_of_airflows_ignore_file_can_be_regexp(tmp_path):
    lay_out(tmp_path, "a.py", "tenant_1/b.py", "tenant_x/c.py")
    (tmp_path / ".airflowignore").write_text(r"tenant_[\d]")
    assert find_dag_files(tmp_path, "regexp") == ["a.py", "tenant_x/c.py"]


def test_links_are_followed_and_loops_end(tmp_path):
    lay_out(tmp_path, "bundle/a.py", "shared/b.py")
    (tmp_path / "bundle" / "linked").symlink_to(tmp_path / "shared")
    (tmp_path / "shared" / "back").symlink_to(tmp_path / "bundle")
    assert find_dag_files(tmp_path / "bundle") == ["a.py", "linked/b.py"]


def test_a_missing_folder_is_an_error_and_not_an_empty_bundle(tmp_path):
    with pytest.raises(BundleUnreadableError, match="its DAGs stay as they were"):
        find_dag_files(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"from airflow import DAG", True),
        (b"from etesian import dag", True),
        (b"from etesian import asset", True),
        (b"import pandas", False),
        (b"# a dag of something else", False),
        (b"# airflow", False),
    ],
)
def test_safe_mode_asks_for_two_words(text, expected):
    assert mentions_dags(text) is expected

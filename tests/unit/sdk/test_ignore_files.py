import pytest

from etesian.sdk.dags.ignore_files import is_ignored, parse_ignore_file


@pytest.mark.parametrize(
    ("pattern", "path", "is_folder", "expected"),
    [
        ("*.tmp.py", "a.tmp.py", False, True),
        ("*.tmp.py", "deep/down/a.tmp.py", False, True),
        ("drafts/", "drafts", True, True),
        ("drafts/", "drafts", False, False),
        ("/drafts", "drafts", True, True),
        ("/drafts", "team/drafts", True, False),
        ("team/*.py", "team/a.py", False, True),
        ("team/*.py", "team/deep/a.py", False, False),
        ("team/**/a.py", "team/deep/down/a.py", False, True),
        ("team/**", "team/deep/a.py", False, True),
        ("**/old", "x/y/old", True, True),
        ("dag_[0-9].py", "dag_7.py", False, True),
        ("dag_[!0-9].py", "dag_7.py", False, False),
        ("dag_?.py", "dag_77.py", False, False),
        ("a.py", "aXpy", False, False),
        (r"\#odd.py", "#odd.py", False, True),
        ("[broken", "[broken", False, True),
    ],
)
def test_a_glob_line_means_what_it_means_in_gitignore(pattern, path, is_folder, expected):
    assert is_ignored(parse_ignore_file(pattern, "", "glob"), path, is_folder) is expected


def test_the_last_matching_line_decides():
    rules = parse_ignore_file("*.py\n!keep.py\n# a comment\n\n", "", "glob")
    assert is_ignored(rules, "drop.py", is_folder=False)
    assert not is_ignored(rules, "keep.py", is_folder=False)


def test_lines_count_from_the_folder_of_their_file():
    rules = parse_ignore_file("/helper.py", "team/", "glob")
    assert is_ignored(rules, "team/helper.py", is_folder=False)
    assert not is_ignored(rules, "helper.py", is_folder=False)
    assert not is_ignored(rules, "team/deep/helper.py", is_folder=False)


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("project_a", "team/project_a/dag.py", True),
        (r"tenant_[\d]", "tenant_1/dag.py", True),
        (r"tenant_[\d]", "tenant_x/dag.py", False),
        (r".*_test\.py$ # no tests", "dag_test.py", True),
        (r".*_test\.py$", "dag_test.pyc", False),
        ("(unclosed", "(unclosed", False),
    ],
)
def test_a_regexp_line_matches_anywhere_in_the_path(pattern, path, expected):
    assert is_ignored(parse_ignore_file(pattern, "", "regexp"), path, is_folder=False) is expected

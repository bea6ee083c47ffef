"""``DagBag`` imports files as the parser does."""

from __future__ import annotations

from pathlib import Path

import pytest

from etesian.compat.dag_bag import DagBag
from etesian.compat.models.session import NoDatabaseAccessError

DAG_FILE = """
from etesian import DAG

with DAG("{dag_id}", schedule=None):
    pass
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "good.py").write_text(DAG_FILE.format(dag_id="good"))
    (tmp_path / "broken.py").write_text("from etesian import DAG\nDAG(1 / 0)\n")
    (tmp_path / "ignored.py").write_text(DAG_FILE.format(dag_id="ignored"))
    (tmp_path / "helper.py").write_text("raise ValueError('nobody imports this')")
    (tmp_path / ".airflowignore").write_text("ignored.py\n")
    return tmp_path


def test_a_bag_has_the_dags_of_a_folder_and_what_is_wrong_with_the_others(folder: Path) -> None:
    bag = DagBag(dag_folder=folder, include_examples=False)

    assert bag.dag_ids == ["good"]
    assert bag.get_dag("good") is bag.dags["good"]
    assert bag.get_dag("ignored") is None
    assert list(bag.import_errors) == [str(folder / "broken.py")]
    assert "ZeroDivisionError" in bag.import_errors[str(folder / "broken.py")]
    assert [(Path(stat.file).name, stat.dag_num) for stat in bag.dagbag_stats] == [("good.py", 1)]


def test_one_file_can_be_added(folder: Path) -> None:
    bag = DagBag(dag_folder=folder, collect_dags=False)

    assert [dag.dag_id for dag in bag.process_file(folder / "ignored.py")] == ["ignored"]
    assert bag.size() == 1


def test_a_dag_id_of_two_files_is_an_error_of_the_second(folder: Path) -> None:
    (folder / "other.py").write_text(DAG_FILE.format(dag_id="good"))

    bag = DagBag(dag_folder=folder)

    assert bag.dag_ids == ["good"]
    assert "rename one" in bag.import_errors[str(folder / "other.py")]


def test_a_file_that_takes_its_dags_from_a_bag_keeps_its_own(folder: Path) -> None:
    (folder / "loader.py").write_text(
        DAG_FILE.format(dag_id="own").replace(
            "pass",
            f"from etesian.compat.dag_bag import DagBag\n    globals().update(DagBag('{folder}').dags)",
        )
    )

    bag = DagBag(dag_folder=folder)

    assert sorted(bag.dag_ids) == ["good", "own"]
    assert [dag.dag_id for dag in DagBag(folder, collect_dags=False).process_file(folder / "loader.py")] == [
        "own",
        "good",
    ]


def test_stored_dags_are_asked_for_elsewhere(folder: Path) -> None:
    with pytest.raises(NoDatabaseAccessError, match="GET /api/v2/dags"):
        DagBag(dag_folder=folder, read_dags_from_db=True)

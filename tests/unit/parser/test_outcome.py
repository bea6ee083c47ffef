from pathlib import Path

from etesian.parser.messages import ImportFailure, Parsed, ParsedDag
from etesian.parser.outcome import judge_gone, judge_parsed
from etesian.parser.owners import DagOwners, FileKey

FOLDER = Path("dags")
A, B = FileKey("dags", "a.py"), FileKey("dags", "b.py")


def parsed(*dag_ids: str, failed: bool = False) -> Parsed:
    dags = tuple(ParsedDag(dag_id=dag_id, spec=b"{}", line=7) for dag_id in dag_ids)
    return Parsed(file="a.py", dags=dags, failures=(ImportFailure(message="broken"),) if failed else ())


def test_new_dags_are_taken():
    outcome = judge_parsed(A, FOLDER, parsed("etl", "report"), DagOwners({}))
    assert [dag.dag_id for dag in outcome.dags] == ["etl", "report"]
    assert (outcome.gone, outcome.failures) == (frozenset(), ())


def test_a_dag_that_the_file_no_longer_defines_is_gone():
    outcome = judge_parsed(A, FOLDER, parsed("etl"), DagOwners({"etl": A, "report": A}))
    assert outcome.gone == {"report"}


def test_a_file_that_cannot_be_imported_keeps_its_dags():
    owners = DagOwners({"etl": A})
    outcome = judge_parsed(A, FOLDER, parsed(failed=True), owners)
    assert outcome.gone == frozenset()
    assert [failure.message for failure in outcome.failures] == ["broken"]
    assert owners.dag_ids_of(A) == {"etl"}


def test_one_bad_dag_neither_stops_nor_drops_the_others_of_its_file():
    owners = DagOwners({"etl": A, "report": A})
    outcome = judge_parsed(A, FOLDER, parsed("etl", failed=True), owners)
    assert [dag.dag_id for dag in outcome.dags] == ["etl"]
    assert outcome.gone == frozenset()


def test_a_second_definition_is_refused_and_both_places_are_named():
    outcome = judge_parsed(B, FOLDER, parsed("etl", "report"), DagOwners({"etl": A}))
    assert [dag.dag_id for dag in outcome.dags] == ["report"]
    (failure,) = outcome.failures
    assert failure.line == 7
    assert failure.message == (
        "b.py:7: DAG 'etl' is already defined in a.py; that definition stays, rename one of the two"
    )


def test_a_file_that_goes_away_frees_its_dags_for_the_file_that_was_refused():
    owners = DagOwners({"etl": A})
    judge_parsed(B, FOLDER, parsed("etl"), owners)
    outcome = judge_gone(A, owners)
    assert (outcome.gone, outcome.released) == ({"etl"}, {B})

from etesian.parser.owners import DagOwners, FileKey

A, B = FileKey("dags", "a.py"), FileKey("dags", "b.py")


def test_the_first_file_keeps_a_dag_id():
    owners = DagOwners({})
    assert owners.claim("etl", A) is None
    assert owners.claim("etl", B) == A
    assert owners.claim("etl", A) is None


def test_a_stored_owner_counts_as_the_first():
    assert DagOwners({"etl": B}).claim("etl", A) == B


def test_a_file_that_loses_a_dag_frees_it_for_the_one_that_was_refused():
    owners = DagOwners({})
    owners.claim("etl", A)
    owners.claim("etl", B)
    assert owners.keep_only(A, {"other"}) == ({"etl"}, {B})
    assert owners.claim("etl", B) is None


def test_a_file_that_keeps_its_dags_frees_nothing():
    owners = DagOwners({"etl": A, "report": A})
    assert owners.keep_only(A, {"etl", "report"}) == (set(), set())
    assert owners.dag_ids_of(A) == {"etl", "report"}


def test_a_file_without_dags_is_forgotten():
    owners = DagOwners({"etl": A})
    owners.keep_only(A, ())
    assert owners.files() == set()


def test_a_place_names_its_bundle_unless_it_is_the_usual_one():
    assert str(A) == "a.py"
    assert str(FileKey("git", "a.py")) == "a.py of bundle git"

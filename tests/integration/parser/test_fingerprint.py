import os

from etesian.parser.fingerprint import MISSING, Fingerprints


def test_a_touched_file_keeps_its_fingerprint(tmp_path):
    file = tmp_path / "a.py"
    file.write_text("x")
    prints = Fingerprints(tmp_path)
    before = prints.of("a.py")
    os.utime(file, (0, 0))
    assert prints.of("a.py") == before


def test_a_change_is_seen_though_size_and_time_are_forged(tmp_path):
    file = tmp_path / "a.py"
    file.write_text("x")
    prints = Fingerprints(tmp_path)
    before, times = prints.of("a.py"), file.stat()
    while file.stat().st_ctime_ns == times.st_ctime_ns:  # until the file system's clock has ticked
        file.write_text("y")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert prints.of("a.py") != before


def test_a_missing_file_has_a_fingerprint_of_its_own(tmp_path):
    assert Fingerprints(tmp_path).of("a.py") == MISSING


def test_a_folder_changes_with_its_names(tmp_path):
    prints = Fingerprints(tmp_path)
    before = prints.of(".")
    (tmp_path / "new.yaml").write_text("")
    after = prints.of(".")
    assert after != before
    (tmp_path / "__pycache__").mkdir()
    assert prints.of(".") == after


def test_several_paths_have_one_fingerprint_in_any_order(tmp_path):
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(name)
    prints = Fingerprints(tmp_path)
    assert prints.of_all(("a.py", "b.py")) == prints.of_all(("b.py", "a.py", "a.py"))
    assert prints.of_all(("a.py", "b.py")) != prints.of_all(("a.py",))

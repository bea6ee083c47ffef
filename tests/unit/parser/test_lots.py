from pathlib import Path

from etesian.parser.lots import FileJob, LotQueue
from etesian.parser.owners import FileKey

FOLDER, OTHER = Path("dags"), Path("examples")


def queue_of(count: int, folder: Path = FOLDER) -> LotQueue:
    queue = LotQueue()
    for number in range(count):
        queue.add(FileJob(FileKey("dags", f"{number}.py"), folder))
    return queue


def names(lot: list[FileJob]) -> list[str]:
    return [job.key.file for job in lot]


def test_a_few_files_each_get_a_process_of_their_own():
    queue = queue_of(2)
    assert [names(queue.take(2)), names(queue.take(2))] == [["0.py"], ["1.py"]]


def test_many_files_are_shared_out_evenly():
    assert len(queue_of(12).take(2)) == 4


def test_a_lot_is_never_large():
    assert len(queue_of(1000).take(2)) == 16


def test_a_lot_holds_files_of_one_bundle():
    queue = queue_of(3)
    for number in range(3, 60):
        queue.add(FileJob(FileKey("examples", f"{number}.py"), OTHER))
    assert names(queue.take(2)) == ["0.py", "1.py", "2.py"]


def test_a_file_that_must_be_alone_is():
    queue = queue_of(30)
    queue.put_back([FileJob(FileKey("dags", "hangs.py"), FOLDER, is_alone=True)])
    assert names(queue.take(2)) == ["hangs.py"]
    assert names(queue.take(2))[0] == "0.py"


def test_a_lot_ends_before_a_file_that_must_be_alone():
    queue = LotQueue()
    jobs = [FileJob(FileKey("dags", f"{number}.py"), FOLDER, is_alone=number == 2) for number in range(40)]
    queue.put_back(jobs)
    assert names(queue.take(2)) == ["0.py", "1.py"]

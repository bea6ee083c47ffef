"""The ``airflow`` package: import paths and spellings of Airflow 1.10, 2 and 3, mapped to our own classes.

``install()`` puts a finder in front of Python's own. From then on ``import airflow`` gives a package that exists in no
folder: each of its modules is a table of names that stand for ours (``names/``). ``airflow.providers.*`` are real
files, the provider distributions that users install from PyPI, unmodified.
"""

from etesian.compat.finder import is_installed, uninstall

__all__ = ["install", "is_installed", "uninstall"]


def install() -> None:
    """Make ``import airflow`` give ours in this process, and let the SDK follow each file's era. May be repeated."""
    from etesian.compat import finder, wiring  # late: the start of every process only needs the finder

    finder.install()
    wiring.connect()

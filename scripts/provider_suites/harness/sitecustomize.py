"""Puts Etesian's ``airflow`` in place where no real one is installed, also for the processes that tests start."""

from importlib.metadata import PackageNotFoundError, version

try:
    version("apache-airflow-core")
except PackageNotFoundError:
    from etesian.compat import finder

    finder.install()

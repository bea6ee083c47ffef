"""The Airflow version that provider packages and DAG files are shown; they turn their branches by it."""

from typing import Final

#: The newest line that provider packages branch on, and whose names the tables give.
version: Final = "3.3.2"
__version__: Final = version

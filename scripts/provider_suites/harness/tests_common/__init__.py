"""What the unit tests of provider packages expect beside them, for either implementation of ``airflow``.

The tests of a provider's sdist were written to run in Airflow's own checkout, where a package of this name has their
fixtures. That package is not published in a usable form; this is as much of it as tests without a database need. It
uses public names of ``airflow`` only, so that the same harness serves Etesian's and the real one.
"""

#: The tests run on installed packages, not in a checkout of Airflow.
RUNNING_TESTS_AGAINST_AIRFLOW_PACKAGES = True

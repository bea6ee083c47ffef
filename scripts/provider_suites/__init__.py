"""The providers' own unit tests, run on Etesian's ``airflow`` package: fetch, run, compare, write the page."""

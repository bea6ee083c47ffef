"""The pytest plugin: what users' tests of their DAGs get by installing Etesian."""

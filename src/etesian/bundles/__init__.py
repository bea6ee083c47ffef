"""Bundles that are fetched: how the DAG files of a git repository or an object store come onto this host."""

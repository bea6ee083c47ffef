"""Finds DAG files, imports each in a process of its own, and keeps what they say: specs, or why there are none."""

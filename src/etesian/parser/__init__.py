"""Finds DAG files, imports them in processes of their own, and keeps what they say."""

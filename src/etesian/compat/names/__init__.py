"""The tables: for each module of the ``airflow`` package, its names and which of ours they stand for.

One file per area. A value is ``module:attribute``; the keys of ``MODULES`` are dotted names below ``airflow``.
"""

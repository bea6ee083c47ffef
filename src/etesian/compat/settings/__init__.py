"""Airflow's options and settings modules, answered from ours."""

"""Airflow's database models and states, as far as user code can have them here."""

"""Operators, decorators and contexts under names that only Airflow has."""

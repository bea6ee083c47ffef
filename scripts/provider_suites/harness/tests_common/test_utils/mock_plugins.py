"""Plugins of Airflow's server."""

from .database import needing_database

mock_plugin_manager = needing_database("mock_plugin_manager")

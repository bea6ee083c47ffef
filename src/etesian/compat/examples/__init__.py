"""What DAG files import from Airflow's own examples."""

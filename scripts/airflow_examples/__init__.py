"""The example DAGs that Airflow ships, run to their ends here, and compared with what they come to in Airflow."""

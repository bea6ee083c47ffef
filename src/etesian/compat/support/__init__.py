"""What ``airflow.utils`` and its neighbours offer to DAG files and providers."""

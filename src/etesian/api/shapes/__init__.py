"""What requests and answers look like. The field names are those of Airflow's stable REST API."""

"""Storing DAGs: there is no database."""

from .database import needing_database

sync_dag_to_db = needing_database("sync_dag_to_db")
sync_dags_to_db = needing_database("sync_dags_to_db")
create_scheduler_dag = needing_database("create_scheduler_dag")

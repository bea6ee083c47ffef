"""Names that moved between versions of Airflow."""

from airflow.providers.common.sql.operators.generic_transfer import GenericTransfer
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import timezone

from .database import needing_database

__all__ = [
    "BashOperator",
    "DagSerialization",
    "EmptyOperator",
    "GenericTransfer",
    "PythonOperator",
    "timezone",
]


class DagSerialization:
    """Airflow's stored form of a DAG."""

    from_dict = to_dict = deserialize_dag = serialize_dag = staticmethod(needing_database("DagSerialization"))

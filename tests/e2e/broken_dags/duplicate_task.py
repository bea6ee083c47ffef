from etesian import DAG
from etesian.operators.empty import EmptyOperator

with DAG("duplicate_task", schedule=None):
    EmptyOperator(task_id="same")
    EmptyOperator(task_id="same")
# the error says: same
# the error says: line 6

from etesian import DAG
from etesian.operators.empty import EmptyOperator

with DAG("cycle", schedule=None):
    one, two = EmptyOperator(task_id="one"), EmptyOperator(task_id="two")
    one >> two >> one
# the error says: cycle
# the error says: one
# the error says: two

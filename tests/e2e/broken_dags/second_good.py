from etesian import DAG

DAG("good", schedule=None)
# the error says: good.py
# the error says: 'good'

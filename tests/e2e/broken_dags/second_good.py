from etesian import DAG

dag = DAG("good", schedule=None)
# the error says: good.py
# the error says: 'good'

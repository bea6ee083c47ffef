import time
from etesian import DAG
time.sleep(1000)
# the error says: 3

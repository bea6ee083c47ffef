import os
from etesian import DAG
if os.fork() == 0:
    os._exit(0)
raise ValueError("raised after a fork")
# the error says: raised after a fork

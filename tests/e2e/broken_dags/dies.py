import os, signal
from etesian import DAG
os.kill(os.getpid(), signal.SIGKILL)
# the error says: SIGKILL

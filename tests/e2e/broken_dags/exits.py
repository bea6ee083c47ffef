import sys
from etesian import DAG
sys.exit(3)
# the error says: exit

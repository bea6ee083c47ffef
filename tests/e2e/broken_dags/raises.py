from etesian import DAG

raise ValueError(f"no such table, {DAG.__name__}")
# the error says: ValueError: no such table, DAG
# the error says: raises.py
# the error says: line 3

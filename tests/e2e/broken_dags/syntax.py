from etesian import DAG
with DAG("syntax"
# the error says: SyntaxError
# the error says: line 2

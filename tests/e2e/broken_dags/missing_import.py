from etesian import DAG
import no_such_library
# the error says: no_such_library
# the error says: line 2

from etesian import DAG
hog = bytearray(4 << 30)
# the error says: emory

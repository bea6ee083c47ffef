from etesian import DAG
for _ in range(4000):
    print("x" * 100_000)
raise ValueError("raised after 400 MB of output")
# the error says: raised after 400 MB of output

"""What users and our own tests share: a fake clock, a fake executor, a store in memory, `run_dag`, the pytest plugin."""

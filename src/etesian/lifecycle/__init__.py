"""States, what may follow them, trigger rules, retries; and the records of runs and task instances. Pure."""

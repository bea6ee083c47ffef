"""DAGs, the files that define them, and the spec that leaves a file."""

"""Example DAGs, one idea per file. Loaded by the parser when `core.load_examples` is on, imported by nothing else."""

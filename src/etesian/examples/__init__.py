"""Example DAGs, one idea per file; `core.load_examples` loads them. Nothing imports them."""

"""What the zygote imports before it is given anybody's DAG files. A folder of its own, because it is importable then."""

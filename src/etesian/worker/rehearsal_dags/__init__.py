"""What the zygote imports before anybody's DAG files: in a folder of its own, because it is importable then."""

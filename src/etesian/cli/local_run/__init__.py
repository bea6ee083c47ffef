"""Running one DAG to its end without a server: a platform of its own, in a folder that is thrown away."""

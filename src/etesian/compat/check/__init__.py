"""Saying beforehand what of a folder of DAG files will run: ``etesian check``."""

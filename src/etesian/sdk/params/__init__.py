"""Params of runs, their schemas, and plain values."""

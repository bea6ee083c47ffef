"""Drain events, call the core on a batch, store its decisions in one transaction, carry them out, sleep."""

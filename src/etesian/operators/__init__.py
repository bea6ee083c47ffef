"""Operators: ready-made tasks. One file per system."""

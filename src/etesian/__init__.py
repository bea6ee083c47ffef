"""Etesian."""

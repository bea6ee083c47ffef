"""Helpers for operators."""

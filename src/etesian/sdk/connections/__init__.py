"""Connections, Variables, and the secrets in them."""

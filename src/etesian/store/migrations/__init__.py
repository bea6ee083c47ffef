"""Alembic's folder: the steps from one release's tables to the next one's. ``store.schema`` takes them."""

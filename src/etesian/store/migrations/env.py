"""Run by Alembic: takes the steps on the connection that ``migrate`` opened, each in a transaction of its own."""

from __future__ import annotations

from alembic import context

from etesian.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()

"""Run by Alembic: takes the steps on the connection that ``migrate`` opened, each in its own transaction."""

from __future__ import annotations

from alembic import context

from etesian.store.tables import is_made_on, metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    include_object=lambda item, *_: is_made_on(item, connection.dialect.name),
    transaction_per_migration=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()

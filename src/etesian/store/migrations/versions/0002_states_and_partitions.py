"""Values that tasks and assets keep; partitions of runs and of asset events.

Cost: two new tables, and two columns that may be empty. Neither database rewrites rows for that; each statement
holds its table for a moment.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from etesian.store.column_types import FreeText, Key, Moment

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "task_states",
        sa.Column("id", Key, primary_key=True),
        sa.Column("run_pk", Key, sa.ForeignKey("dag_runs.id", ondelete="CASCADE"), nullable=False),
        sa.Column("task_id", sa.Text, nullable=False),
        sa.Column("map_index", sa.Integer, nullable=False),
        sa.Column("key", FreeText, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.Column("expires_at", Moment),
        sa.UniqueConstraint("run_pk", "task_id", "map_index", "key"),
    )
    op.create_table(
        "asset_states",
        sa.Column("id", Key, primary_key=True),
        sa.Column("asset_pk", Key, sa.ForeignKey("assets.id", ondelete="CASCADE"), nullable=False),
        sa.Column("key", FreeText, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.UniqueConstraint("asset_pk", "key"),
    )
    op.add_column("dag_runs", sa.Column("partition_key", FreeText))
    op.add_column("asset_events", sa.Column("partition_key", FreeText))

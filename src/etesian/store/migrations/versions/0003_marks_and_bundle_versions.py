"""What a user declared a run to come to, while its teardowns still run; versions of bundles; requests to parse.

Cost: a new table, and columns that may be empty. Neither database rewrites rows for that.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from etesian.lifecycle.state import RunState
from etesian.store.column_types import FreeText, Name

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Take the step."""
    op.add_column("dag_runs", sa.Column("marked", Name(RunState)))
    for table in ("dags", "dag_versions", "dag_runs"):
        op.add_column(table, sa.Column("bundle_version", FreeText))
    op.create_table(
        "parse_requests",
        sa.Column("bundle", sa.Text, primary_key=True),
        sa.Column("file", FreeText, primary_key=True),
    )

"""The first tables.

Cost: none; ``store.schema.migrate`` makes the tables of an empty database without taking steps. This file is
where the chain of later steps begins.
"""

from __future__ import annotations

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Do nothing: who is at this revision has its tables."""

"""What a backfill does about runs that exist."""

from __future__ import annotations

from datetime import datetime

import msgspec

from etesian.lifecycle.state import RunState


class ExistingRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run that a backfill finds when it begins."""

    run_id: str
    logical_date: datetime
    state: RunState
    backfill_id: str | None = None


def is_done_again(run: ExistingRun, *, backfill_id: str, reprocess: str) -> bool:
    """Return whether a backfill clears a run; one that it made or cleared itself is done with.

    ``reprocess`` says which finished runs: none, failed or completed. Unfinished ones are always left alone.
    """
    if run.backfill_id == backfill_id or not run.state.is_final:
        return False
    if reprocess == "completed":
        return True
    return reprocess == "failed" and run.state is RunState.FAILED

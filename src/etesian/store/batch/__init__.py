"""The scheduler's write path: a batch of decisions, in one transaction, under the leader's epoch."""

from etesian.store.batch.changes import Batch, NewTrigger
from etesian.store.batch.write import write_batch
from etesian.store.errors import LeadershipLostError, StaleMemoryError

__all__ = ["Batch", "LeadershipLostError", "NewTrigger", "StaleMemoryError", "write_batch"]

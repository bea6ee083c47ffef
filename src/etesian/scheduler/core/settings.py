"""What the core can be told at its start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreSettings:
    """Settings of one core. They do not change while it lives."""

    #: Makes ids repeatable; in production random, so that no two leaders share ids.
    ids_seed: bytes = b"etesian"
    default_executor: str = "local"  #: for tasks that name none
    parallelism: int = 32  #: task instances queued or running at one time, over all DAGs
    callback_parallelism: int = 8  #: callbacks handed to executors at one time; they take no slot of a pool
    queued_timeout: timedelta = timedelta(
        minutes=10
    )  #: an attempt not claimed for so long is dispatched anew
    max_dispatches: int = 3  #: times one try is handed to an executor before the try counts as failed
    max_callback_attempts: int = 5  #: times a callback is tried when its process is lost
    #: Workers enforce execution time-outs; when this much more has passed, the core does.
    execution_timeout_grace: timedelta = timedelta(minutes=1)
    max_map_length: int = 100_000  #: task instances of one mapped task; more is an error of the task

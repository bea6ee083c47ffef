"""Accounts: the slots that pools, runs and tasks grant."""

from __future__ import annotations


class Account:
    """A number of slots, and how many of them are taken.

    Every limit of the scheduler is an account: global parallelism, a pool, a run's ``max_active_tasks``, a task's
    ``max_active_tis_per_dag``; a paused DAG is an account with a limit of zero.
    """

    __slots__ = ("counts_deferred", "has_waiters", "kind", "limit", "name", "used")

    def __init__(self, kind: str, name: str, limit: int | None) -> None:
        self.kind = kind  #: what it is, for people: pool, dag, run, task
        self.name = name
        self.limit = limit  #: None: without limit
        self.used = 0
        self.counts_deferred = False  #: a pool whose slots are also held by deferred tasks
        self.has_waiters = False  #: the ready queue has parked lanes here

    def __repr__(self) -> str:
        return f"<Account {self.kind} {self.name!r} {self.used}/{self.limit}>"

    @property
    def free(self) -> int | None:
        """Slots that are free, never below zero; None: without limit."""
        return None if self.limit is None else max(self.limit - self.used, 0)

    def fits(self, slots: int) -> bool:
        """Return whether so many slots are free."""
        return self.limit is None or self.used + slots <= self.limit

    def can_ever_fit(self, slots: int) -> bool:
        """Return whether so many slots would fit if all were free."""
        return self.limit is None or slots <= self.limit

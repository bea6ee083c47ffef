"""The queue of ready task instances: the most urgent first, and none of them looked at twice for nothing.

Task instances that need the same accounts wait together in a *lane*, ordered by urgency. A lane is either offered
in the queue, by its first task instance, or parked at the one account that was found full for it. Freed slots bring
back the lanes that wait for them, best first, one at a time. So a full pool costs nothing while it is full, blocks
no lane that does not need it, and a change touches lanes, never all waiting task instances.
"""

from __future__ import annotations

from datetime import datetime
from heapq import heappop, heappush
from typing import TYPE_CHECKING, TypeAlias

from etesian.scheduler.core.limits import Account

if TYPE_CHECKING:
    from etesian.scheduler.core.memory import Instance

#: Falling priority, normal runs before backfills, age, then the key; the last number is unique, so that comparing
#: two never goes past it.
ReadyKey: TypeAlias = tuple[int, bool, datetime, datetime, str, str, int, int, int]
#: A lane's place in a heap: urgency, the serial number that makes it unique and valid, the lane.
Ticket: TypeAlias = tuple[ReadyKey, int, "Lane"]


class Lane:
    """Ready task instances that need the same slots of the same accounts."""

    __slots__ = ("accounts", "entries", "parked_at", "pool", "serial", "slots", "woken_by")

    def __init__(self, accounts: tuple[Account, ...], pool: Account, slots: int) -> None:
        self.accounts = accounts  #: one slot of each
        self.pool = pool  #: ``slots`` of this one
        self.slots = slots
        self.entries: list[tuple[ReadyKey, Instance]] = []
        self.serial = 0  #: of its valid ticket; 0 while it has none
        self.parked_at: Account | None = None  #: where it waits, if it waits
        self.woken_by: Account | None = None  #: whose freed slot brought it back

    def head(self) -> tuple[ReadyKey, Instance] | None:
        """Return the most urgent entry; None if the lane is empty."""
        entries = self.entries
        while entries:
            key, instance = entries[0]
            if instance.ready_key is key:
                return entries[0]
            heappop(entries)
        return None

    def find_full(self, key: ReadyKey) -> Account | None:
        """Return the account that has no slot for an entry of that urgency; None if it may start."""
        for account in self.accounts:
            limit = account.limit
            if limit is not None and account.used >= limit:
                return account
        pool = self.pool
        if not pool.fits(self.slots):
            return pool
        # Free slots are kept for a more urgent lane that needs several of them, or it would wait for ever.
        if pool.parked and (first := first_parked(pool)) is not None and first[0] < key:
            return pool
        return None

    def take(self) -> None:
        """Take the slots of one task instance."""
        for account in self.accounts:
            account.used += 1
        self.pool.used += self.slots


def first_parked(account: Account) -> Ticket | None:
    """Return the most urgent lane that waits for the account; drops tickets that are no longer valid."""
    parked = account.parked
    while parked:
        if parked[0][2].serial == parked[0][1]:
            return parked[0]
        heappop(parked)
    return None


class ReadyQueue:
    """All lanes that are offered, and the accounts with slots that were freed since the last choice."""

    def __init__(self) -> None:
        self._heap: list[Ticket] = []
        self._serial = 0
        self._freed: dict[Account, None] = {}

    def add(self, lane: Lane, key: ReadyKey, instance: Instance) -> None:
        """Let a task instance wait in its lane."""
        instance.ready_key = key
        heappush(lane.entries, (key, instance))
        if lane.entries[0][1] is instance:
            self._offer(lane)

    def remove(self, lane: Lane, instance: Instance) -> None:
        """Take a task instance out of its lane, wherever it stands."""
        was_first = bool(lane.entries) and lane.entries[0][1] is instance
        instance.ready_key = None
        if was_first:
            self._offer(lane)

    def release(self, lane: Lane, *, keeps_pool: bool) -> None:
        """Free the slots of one task instance of a lane."""
        for account in lane.accounts:
            account.used -= 1
            if account.parked:
                self._freed[account] = None
        if not keeps_pool:
            self.give_back(lane.pool, lane.slots)

    def give_back(self, account: Account, slots: int) -> None:
        """Free slots of an account."""
        account.used -= slots
        if account.parked:
            self._freed[account] = None

    def set_limit(self, account: Account, limit: int | None) -> None:
        """Change how many slots an account has."""
        if account.limit == limit:
            return
        account.limit = limit
        misfits, account.misfits = account.misfits, []
        for _, serial, lane in misfits:
            if lane.serial == serial:
                self._offer(lane)
        if account.parked:
            self._freed[account] = None

    def pop(self) -> tuple[Lane, ReadyKey, Instance] | None:
        """Return the most urgent lane that is offered, with its first entry; None when no lane is.

        The caller either takes the entry (``take_first``) or parks the lane (``park``).
        """
        if self._freed:
            freed, self._freed = self._freed, {}
            for account in freed:
                self._wake_next(account)
        while self._heap:
            key, serial, lane = heappop(self._heap)
            if lane.serial != serial:
                continue
            head = lane.head()
            if head is not None and head[0] is key:
                return lane, key, head[1]
            self._offer(lane)
        return None

    def take_first(self, lane: Lane, instance: Instance) -> None:
        """Remove a lane's first entry, because it starts, and take its slots."""
        heappop(lane.entries)
        instance.ready_key = None
        lane.take()
        self._leave(lane)
        self._offer(lane)

    def park(self, lane: Lane, key: ReadyKey, account: Account) -> None:
        """Let a lane wait at the account that is full for it."""
        self._serial += 1
        lane.serial = self._serial
        ticket = (key, self._serial, lane)
        lane.parked_at = account
        if account is lane.pool and not account.can_ever_fit(lane.slots):
            account.misfits.append(ticket)
        else:
            heappush(account.parked, ticket)
        self._leave(lane)

    def _offer(self, lane: Lane) -> None:
        """Let the lane try again, now by its first entry; an empty lane rests."""
        if lane.parked_at is not None:
            self._freed[lane.parked_at] = None
            lane.parked_at = None
        head = lane.head()
        if head is None:
            lane.serial = 0
            self._leave(lane)
            return
        self._serial += 1
        lane.serial = self._serial
        heappush(self._heap, (head[0], self._serial, lane))

    def _leave(self, lane: Lane) -> None:
        """A lane that freed slots had brought back was dealt with: let the next one try."""
        account, lane.woken_by = lane.woken_by, None
        if account is not None:
            self._wake_next(account)

    def _wake_next(self, account: Account) -> None:
        """Offer the most urgent lane that waits for an account, if it would fit now."""
        ticket = first_parked(account)
        if ticket is None:
            return
        lane = ticket[2]
        if account.fits(lane.slots if account is lane.pool else 1):
            heappop(account.parked)
            lane.woken_by = account
            self._offer(lane)

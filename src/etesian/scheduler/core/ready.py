"""The queue of ready task instances: the most urgent first, and none of them looked at twice for nothing.

Task instances that need the same accounts wait together in a *lane*, ordered by urgency. A lane is either offered
in the queue, by its first task instance, or parked at the one account that was found full for it. Freed slots bring
back the lanes that wait for them, best first, one at a time. So a full pool costs nothing while it is full, blocks
no lane that does not need it, and a change touches lanes, never all waiting task instances.
"""

from __future__ import annotations

from datetime import datetime
from heapq import heappop, heappush
from typing import Generic, Protocol, TypeAlias, TypeVar

from etesian.scheduler.core.limits import Account

#: Falling priority, normal runs before backfills, age, then the key; the last number is unique, so that comparing
#: two never goes past it.
ReadyKey: TypeAlias = tuple[int, bool, datetime, datetime, str, str, int, int, int]


class Waiter(Protocol):
    """Whatever can wait in a lane."""

    ready_key: ReadyKey | None  #: its place; None when it does not wait


Item = TypeVar("Item", bound=Waiter)


class Lane(Generic[Item]):
    """Ready items that need the same slots of the same accounts."""

    __slots__ = ("accounts", "entries", "parked_at", "pool", "serial", "slots", "woken_by")

    def __init__(self, accounts: tuple[Account, ...], pool: Account, slots: int) -> None:
        self.accounts = accounts  #: one slot of each
        self.pool = pool  #: ``slots`` of this one
        self.slots = slots
        self.entries: list[tuple[ReadyKey, Item]] = []
        self.serial = 0  #: of its valid ticket; 0 while it has none
        self.parked_at: Account | None = None  #: where it waits, if it waits
        self.woken_by: Account | None = None  #: whose freed slot brought it back

    def head(self) -> tuple[ReadyKey, Item] | None:
        """Return the most urgent entry; None if the lane is empty."""
        entries = self.entries
        while entries:
            key, item = entries[0]
            if item.ready_key is key:
                return entries[0]
            heappop(entries)
        return None

    def take(self) -> None:
        """Take the slots of one item."""
        for account in self.accounts:
            account.used += 1
        self.pool.used += self.slots

    def find_full_beside_pool(self) -> Account | None:
        """Return the first of ``accounts`` without a free slot."""
        for account in self.accounts:
            limit = account.limit
            if limit is not None and account.used >= limit:
                return account
        return None

    def needs(self, account: Account) -> int:
        """Return how many slots of one of its accounts an item needs."""
        return self.slots if account is self.pool else 1


#: A lane's place in a heap: urgency, the serial number that makes it unique and valid, the lane.
Ticket: TypeAlias = tuple[ReadyKey, int, Lane[Item]]


class ReadyQueue(Generic[Item]):
    """All lanes: those offered, and those parked at an account."""

    def __init__(self) -> None:
        self._offered: list[Ticket[Item]] = []
        self._parked: dict[Account, list[Ticket[Item]]] = {}  #: heaps, the most urgent lane first
        self._misfits: dict[Account, list[Ticket[Item]]] = {}  #: lanes that need more slots than there are
        self._freed: dict[Account, None] = {}  #: accounts with waiters and freed slots since the last choice
        #: Pools whose free slots are kept for a lane that needs more; it may come to wait for something else.
        self._keeping: dict[Account, None] = {}
        self._serial = 0

    def add(self, lane: Lane[Item], key: ReadyKey, item: Item) -> None:
        """Let an item wait in its lane."""
        item.ready_key = key
        heappush(lane.entries, (key, item))
        if lane.entries[0][1] is item:
            self._offer(lane)

    def remove(self, lane: Lane[Item], item: Item) -> None:
        """Take an item out of its lane, wherever it stands."""
        was_first = bool(lane.entries) and lane.entries[0][1] is item
        item.ready_key = None
        if was_first:
            self._offer(lane)

    def release(self, lane: Lane[Item], *, keeps_pool: bool) -> None:
        """Free the slots of one item of a lane."""
        for account in lane.accounts:
            account.used -= 1
            if account.has_waiters:
                self._freed[account] = None
        if not keeps_pool:
            self.give_back(lane.pool, lane.slots)

    def give_back(self, account: Account, slots: int) -> None:
        """Free slots of an account."""
        account.used -= slots
        if account.has_waiters:
            self._freed[account] = None

    def set_limit(self, account: Account, limit: int | None) -> None:
        """Change how many slots an account has."""
        if account.limit == limit:
            return
        account.limit = limit
        account.has_waiters = False
        # Who waits here, and who need not wait because it can never fit, is found out anew.
        for _, serial, lane in [*self._misfits.pop(account, []), *self._parked.pop(account, [])]:
            if lane.serial == serial:
                self._offer(lane)

    def pop(self) -> tuple[Lane[Item], ReadyKey, Item] | None:
        """Return the most urgent lane that is offered, with its first entry; None when no lane is.

        The caller either takes the entry (``take_first``) or parks the lane (``park``).
        """
        for accounts in (self._freed, self._keeping):
            if accounts:
                again = list(accounts)
                accounts.clear()
                for account in again:
                    self._wake_next(account)
        while self._offered:
            key, serial, lane = heappop(self._offered)
            if lane.serial != serial:
                continue
            head = lane.head()
            if head is not None and head[0] is key:
                return lane, key, head[1]
            self._offer(lane)
        return None

    def find_full(self, lane: Lane[Item], key: ReadyKey) -> Account | None:
        """Return the account that has no slot for an entry of that urgency; None if it may start."""
        pool = lane.pool
        full = lane.find_full_beside_pool()
        if full is not None:
            return full
        if not pool.fits(lane.slots) or (pool.has_waiters and self._is_kept(pool, key)):
            return pool
        return None

    def _is_kept(self, pool: Account, key: ReadyKey) -> bool:
        """Return whether free slots are kept for a more urgent lane that needs several, or it would wait for ever."""
        first = self._first_held_up(pool)
        if first is None or first[0] > key:
            return False
        self._keeping[pool] = None
        return True

    def _first_held_up(self, account: Account) -> Ticket[Item] | None:
        """Return the most urgent lane that waits for nothing but that account; send on those that do."""
        while (first := self.first_parked(account)) is not None:
            key, _, lane = first
            full = lane.find_full_beside_pool() if account is lane.pool else None
            if full is None:
                return first
            heappop(self._parked[account])
            self.park(lane, key, full)
        return None

    def first_parked(self, account: Account) -> Ticket[Item] | None:
        """Return the most urgent lane that waits for an account."""
        parked = self._parked.get(account, [])
        while parked:
            if parked[0][2].serial == parked[0][1]:
                return parked[0]
            heappop(parked)
        self._parked.pop(account, None)
        account.has_waiters = False
        return None

    def take_first(self, lane: Lane[Item], item: Item) -> None:
        """Remove a lane's first entry, because it starts, and take its slots."""
        heappop(lane.entries)
        item.ready_key = None
        lane.take()
        self._leave(lane)
        self._offer(lane)

    def park(self, lane: Lane[Item], key: ReadyKey, account: Account) -> None:
        """Let a lane wait at the account that is full for it."""
        self._serial += 1
        lane.serial = self._serial
        lane.parked_at = account
        ticket = (key, self._serial, lane)
        if account.can_ever_fit(lane.needs(account)) or account is not lane.pool:
            heappush(self._parked.setdefault(account, []), ticket)
            account.has_waiters = True
        else:
            self._misfits.setdefault(account, []).append(ticket)
        self._leave(lane)

    def _offer(self, lane: Lane[Item]) -> None:
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
        heappush(self._offered, (head[0], self._serial, lane))

    def _leave(self, lane: Lane[Item]) -> None:
        """A lane that freed slots had brought back was dealt with: let the next one try."""
        account, lane.woken_by = lane.woken_by, None
        if account is not None:
            self._wake_next(account)

    def _wake_next(self, account: Account) -> None:
        """Offer the most urgent lane that waits for an account, if it would fit now."""
        first = self._first_held_up(account)
        if first is None:
            return
        lane = first[2]
        if account.fits(lane.needs(account)):
            heappop(self._parked[account])
            lane.parked_at = None
            lane.woken_by = account
            self._offer(lane)
        elif account.free:
            self._keeping[account] = None

"""The ready queue gives the same choices as the obvious algorithm that looks at everything that waits, every time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from etesian.scheduler.core.limits import Account
from etesian.scheduler.core.ready import Lane, ReadyKey, ReadyQueue

NOW = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass(eq=False)
class Item:
    """One thing that waits or holds slots."""

    key: ReadyKey
    lane: Lane[Item]
    ready_key: ReadyKey | None = None


@dataclass
class Model:
    """The queue, and beside it a plain list of all that waits."""

    runs: list[Account] = field(
        default_factory=lambda: [Account("run", str(number), 2) for number in range(3)]
    )
    pools: list[Account] = field(
        default_factory=lambda: [Account("pool", str(number), 2) for number in range(2)]
    )
    queue: ReadyQueue[Item] = field(default_factory=ReadyQueue)
    lanes: dict[tuple[int, int, int], Lane[Item]] = field(default_factory=dict)
    waiting: list[Item] = field(default_factory=list)
    holding: list[Item] = field(default_factory=list)
    serial: int = 0

    def add(self, run: int, pool: int, slots: int, priority: int) -> None:
        lane = self.lanes.setdefault((run, pool, slots), Lane((self.runs[run],), self.pools[pool], slots))
        self.serial += 1
        item = Item((-priority, False, NOW, NOW, "", "", 0, 0, self.serial), lane)
        self.waiting.append(item)
        self.queue.add(lane, item.key, item)

    def remove(self, index: int) -> None:
        if self.waiting:
            item = self.waiting.pop(index % len(self.waiting))
            self.queue.remove(item.lane, item)

    def release(self, index: int) -> None:
        if self.holding:
            item = self.holding.pop(index % len(self.holding))
            self.queue.release(item.lane, keeps_pool=False)

    def resize(self, is_pool: bool, index: int, limit: int | None) -> None:
        accounts = self.pools if is_pool else self.runs
        self.queue.set_limit(accounts[index % len(accounts)], limit)

    def choose(self, at_most: int) -> list[Item]:
        """Take what the queue offers."""
        chosen: list[Item] = []
        while len(chosen) < at_most and (offered := self.queue.pop()) is not None:
            lane, key, item = offered
            full = self.queue.find_full(lane, key)
            if full is not None:
                self.queue.park(lane, key, full)
                continue
            self.queue.take_first(lane, item)
            chosen.append(item)
        return chosen

    def expect(self, at_most: int) -> list[Item]:
        """Return what should be taken: everything in order of urgency that fits.

        What waits for a pool only, and could fit if it were empty, keeps less urgent ones from taking its slots.
        """
        used = {account: account.used for account in (*self.runs, *self.pools)}
        kept: set[Account] = set()
        expected: list[Item] = []
        for item in sorted(self.waiting, key=lambda each: each.key):
            (run,), pool, slots = item.lane.accounts, item.lane.pool, item.lane.slots
            if len(expected) == at_most or (run.limit is not None and used[run] >= run.limit):
                continue
            if pool not in kept and (pool.limit is None or used[pool] + slots <= pool.limit):
                expected.append(item)
                used[run] += 1
                used[pool] += slots
            elif pool.can_ever_fit(slots):
                kept.add(pool)
        return expected


actions = st.one_of(
    st.tuples(st.just("add"), st.integers(0, 2), st.integers(0, 1), st.integers(1, 3), st.integers(1, 3)),
    st.tuples(st.just("remove"), st.integers(0, 99)),
    st.tuples(st.just("release"), st.integers(0, 99)),
    st.tuples(st.just("resize"), st.booleans(), st.integers(0, 9), st.one_of(st.none(), st.integers(0, 3))),
    st.tuples(st.just("choose"), st.integers(0, 5)),
)


@given(st.lists(actions, max_size=60))
def test_choices_are_those_of_looking_at_everything(steps: list[tuple[str, int]]) -> None:
    model = Model()
    for name, *values in [*steps, ("choose", 99)]:
        if name != "choose":
            getattr(model, name)(*values)
            continue
        expected, chosen = model.expect(values[0]), model.choose(values[0])
        assert chosen == expected
        model.waiting = [item for item in model.waiting if item not in chosen]
        model.holding += chosen


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3)), min_size=1, max_size=12), st.integers(4, 6))
def test_everybody_gets_a_turn_though_some_need_several_slots(
    wanted: list[tuple[int, int]], slots: int
) -> None:
    queue: ReadyQueue[Item] = ReadyQueue()
    pool = Account("pool", "p", slots)
    for serial, (need, priority) in enumerate(wanted):
        lane: Lane[Item] = Lane((), pool, need)
        item = Item((-priority, False, NOW, NOW, "", "", 0, 0, serial), lane)
        queue.add(lane, item.key, item)
    served = 0
    holding: list[Item] = []
    for _ in range(4 * len(wanted)):
        offered = queue.pop()
        if offered is None:
            if holding:
                queue.release(holding.pop(0).lane, keeps_pool=False)
            continue
        lane, key, item = offered
        full = queue.find_full(lane, key)
        if full is not None:
            queue.park(lane, key, full)
        else:
            queue.take_first(lane, item)
            holding.append(item)
            served += 1
        assert pool.used <= slots
    assert served == len(wanted)

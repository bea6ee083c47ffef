"""All that the core knows: DAGs, unfinished runs, their task instances, accounts, timers, and what is still to be done.

Plain data with few methods. The parts of the core (one file per question) are functions over a ``Memory``.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from datetime import datetime
from weakref import WeakValueDictionary

import msgspec

from etesian.foundation.ids import IdSource
from etesian.lifecycle.records import DagRunRecord, RunKey, TaskInstanceRecord, TaskKey
from etesian.lifecycle.state import RunState, RunType, TaskState
from etesian.lifecycle.trigger_rules import UpstreamCounts
from etesian.protocol.commands import CreateBackfill
from etesian.protocol.workloads import RunCallback, RunContext
from etesian.scheduler.core.decisions import Decision
from etesian.scheduler.core.events import PendingAssetEvent
from etesian.scheduler.core.graph import DagGraph, Expansion, GraphTask
from etesian.scheduler.core.limits import Account
from etesian.scheduler.core.ready import Lane, ReadyKey, ReadyQueue
from etesian.scheduler.core.settings import CoreSettings
from etesian.scheduler.core.timers import Timers
from etesian.spec.schedule import SchedulePoint

#: Slots of the default pool until the shell has told all pools.
DEFAULT_POOL_SLOTS = 128


class Instance:
    """One task instance of an unfinished run. Its record is what the store holds, or will hold after this batch."""

    __slots__ = ("counts", "dispatches", "lane", "node", "ready_key", "record", "setup_counts")

    def __init__(self, node: Node, record: TaskInstanceRecord) -> None:
        self.node = node
        self.record = record
        self.counts: UpstreamCounts | None = None  #: upstream within the mapped group; None if there are none
        self.setup_counts: UpstreamCounts | None = None
        self.lane: Lane[Instance] | None = None  #: where it waits, or whose slots it holds
        self.dispatches = 0  #: times the present try was handed out without being claimed
        self.ready_key: ReadyKey | None = None  #: its place in the lane; None when it does not wait there

    def __repr__(self) -> str:
        return f"<Instance {self.record.key} {self.record.state}>"

    @property
    def state(self) -> TaskState:
        """Where it is."""
        return self.record.state

    @property
    def is_placeholder(self) -> bool:
        """Whether it stands for a mapped task that is not expanded yet."""
        return self.node.task.expansion is not None and self.record.map_index < 0


class Node:
    """One task within one run: its task instances, and how many upstream task instances are in which state."""

    __slots__ = (
        "account",
        "counts",
        "instances",
        "not_good",
        "run",
        "setup_counts",
        "task",
        "unfinished",
        "waiting",
    )

    def __init__(self, run: Run, task: GraphTask) -> None:
        self.run = run
        self.task = task
        #: By map index; -1 alone unless the task is mapped and expanded.
        self.instances: dict[int, Instance] = {}
        self.counts = UpstreamCounts()
        self.setup_counts: UpstreamCounts | None = UpstreamCounts() if task.setups else None
        self.account: Account | None = None  #: for ``max_active_tis_per_dagrun``
        self.waiting = 0  #: task instances in state none
        self.unfinished = 0  #: task instances that are not final
        self.not_good = 0  #: task instances that are not (or not yet) success or skipped


class Past:
    """The run before, for tasks that depend on it: itself if it is in memory, else what its tasks came to."""

    __slots__ = ("date", "run", "run_id", "states")

    def __init__(
        self,
        run_id: str | None = None,
        date: datetime | None = None,
        run: Run | None = None,
        states: dict[str, TaskState] | None = None,
    ) -> None:
        self.run_id = run_id  #: None: there is none
        self.date = date
        self.run = run
        self.states: dict[str, TaskState] = states or {}


class Run:
    """One run that is not finished (or is being touched by a command)."""

    __slots__ = (
        "account",
        "asset_events",
        "backfill",
        "context",
        "dag",
        "failed_leaves",
        "graph",
        "has_place",
        "has_slot",
        "is_new",
        "lanes",
        "lengths",
        "map_lengths",
        "nodes",
        "past",
        "record",
        "successors",
        "unfinished",
    )

    def __init__(self, dag: Dag, graph: DagGraph, record: DagRunRecord) -> None:
        self.dag = dag
        self.graph = graph
        self.record = record
        self.nodes: list[Node] = []  #: by task number; empty until the run starts
        self.unfinished = 0  #: task instances that are not final
        self.failed_leaves = 0  #: task instances that make the run a failure
        self.account = Account("run", record.run_id, graph.spec.max_active_tasks)
        self.lanes: dict[tuple[str, int, int], Lane[Instance]] = {}
        #: Lengths of XComs, by task_id and map index, then by key; -1: a value without length.
        self.lengths: dict[tuple[str, int], dict[str, int]] = {}
        #: Of expanded tasks and groups: the length of each input.
        self.map_lengths: dict[str, dict[str, int]] = {}
        self.context: RunContext | None = None  #: as workers see the run; None when it must be made anew
        self.asset_events: tuple[dict[str, object], ...] = ()  #: that caused the run, as workers see them
        self.past: Past | None = None  #: None while the store was not asked or has not answered
        self.successors: list[Run] = []  #: runs whose past is this one
        self.is_new = False  #: the store does not know it yet
        self.backfill: Backfill | None = None  #: the one that counts it, instead of the DAG
        self.has_place = False  #: it counts among the DAG's unfinished runs
        self.has_slot = False  #: it counts among the DAG's active runs

    def __repr__(self) -> str:
        return f"<Run {self.record.key} {self.record.state}>"

    @property
    def key(self) -> RunKey:
        """Its name."""
        return self.record.key

    @property
    def is_running(self) -> bool:
        """Whether its task instances may move by themselves."""
        return self.record.state is RunState.RUNNING

    @property
    def is_backfill(self) -> bool:
        """Whether a backfill made it; then its tasks come after those of other runs."""
        return self.record.run_type is RunType.BACKFILL

    def bind(self, graph: DagGraph) -> None:
        """Let the run have that version of its DAG."""
        self.graph = graph
        self.account.limit = graph.spec.max_active_tasks

    def node(self, task_id: str) -> Node | None:
        """Return the node of a task; None if this version of the DAG, or a run that has not begun, has none."""
        number = self.graph.index.get(task_id)
        return self.nodes[number] if number is not None and self.nodes else None

    def instances(self) -> Iterator[Instance]:
        """Yield all task instances, in topological order."""
        for node in self.nodes:
            yield from node.instances.values()


class Dag:
    """One DAG: its newest version and its unfinished runs."""

    __slots__ = (
        "active",
        "backfills",
        "dag_id",
        "failed_in_a_row",
        "gate",
        "graph",
        "graphs",
        "is_gone",
        "is_paused",
        "newest_event_id",
        "newest_point",
        "next_point",
        "pending_events",
        "queue",
        "recent",
        "runs",
        "runtimes",
        "schedule_is_held",
        "taken_dates",
        "task_accounts",
        "unbound",
        "unfinished",
    )

    def __init__(self, dag_id: str) -> None:
        self.dag_id = dag_id
        self.graph: DagGraph | None = None  #: the newest version; None if only an old run is known
        self.graphs: WeakValueDictionary[str, DagGraph] = WeakValueDictionary()  #: versions in use, by hash
        self.is_paused = False
        self.is_gone = False  #: no file defines it any more
        self.newest_point: SchedulePoint | None = None  #: of the newest scheduled run
        self.next_point: SchedulePoint | None = None
        self.taken_dates: set[datetime] = set()  #: logical dates to come that runs of other types have
        self.failed_in_a_row = 0
        self.runs: dict[str, Run] = {}  #: by run_id
        #: Heap of queued runs: run_after and run_id; backfills apart.
        self.queue: list[tuple[datetime, str]] = []
        self.unfinished = 0  #: queued and running runs, backfills apart
        self.active = 0  #: running runs, backfills apart
        self.schedule_is_held = False  #: no run is created, because too many are unfinished
        self.pending_events: list[PendingAssetEvent] = []  #: asset events that have caused no run yet
        self.newest_event_id = 0  #: of the events that have
        self.backfills: dict[str, Backfill] = {}  #: those not completed, by id
        #: Seconds that the newest successful runs took, the newest first, as many as deadlines ask for.
        self.runtimes: deque[float] = deque(maxlen=0)
        self.unbound: list[DagRunRecord] = []  #: runs asked for before the DAG was known
        self.gate = Account("dag", dag_id, None)  #: closed while the DAG is paused
        self.task_accounts: dict[str, Account] = {}  #: for ``max_active_tis_per_dag``
        #: What the last finished runs came to, by run_id.
        self.recent: OrderedDict[str, dict[str, TaskState]] = OrderedDict()

    def __repr__(self) -> str:
        return f"<Dag {self.dag_id}>"

    @property
    def is_open(self) -> bool:
        """Whether new runs may start."""
        return self.graph is not None and not self.is_paused and not self.is_gone


class Backfill:
    """A backfill that is under way."""

    __slots__ = ("again", "asked", "is_paused", "order", "points", "runs")

    def __init__(self, order: CreateBackfill, *, is_paused: bool) -> None:
        self.order = order
        self.is_paused = is_paused
        self.points: deque[SchedulePoint] = deque()  #: that have no run yet
        self.again: deque[RunKey] = deque()  #: finished runs to be done again
        self.asked: set[str] = set()  #: of these, the run_ids that are being loaded
        self.runs: dict[str, Run] = {}  #: its unfinished runs, by run_id

    @property
    def active(self) -> int:
        """How many of its runs are running."""
        return sum(run.has_slot for run in self.runs.values())

    @property
    def is_open(self) -> bool:
        """Whether anything is left to be done."""
        return bool(self.points or self.again or self.asked or self.runs)

    def drop_ended(self) -> None:
        """Forget runs that are finished or deleted."""
        self.runs = {run_id: run for run_id, run in self.runs.items() if run.dag.runs.get(run_id) is run}


class CallbackState:
    """A callback that has not run yet."""

    __slots__ = ("attempts", "claimed_by", "executor", "workload")

    def __init__(self, workload: RunCallback, executor: str) -> None:
        self.workload = workload
        self.executor = executor
        self.claimed_by: tuple[str, int | None] | None = None  #: host and pid of the worker that runs it
        self.attempts = 0  #: times it was handed out


class Memory:
    """Everything. Changed only by the parts of the core, one event after the other."""

    def __init__(self, settings: CoreSettings) -> None:
        self.settings = settings
        self.ids = IdSource(settings.ids_seed)
        self.dags: dict[str, Dag] = {}
        self.runs: dict[RunKey, Run] = {}
        self.attempts: dict[str, Instance] = {}  #: open attempts by id
        self.unclaimed: OrderedDict[str, Instance] = OrderedDict()  #: queued attempts, the oldest first
        self.is_unclaimed_sorted = True
        self.triggers: dict[str, Instance] = {}  #: by trigger_id
        self.parallelism = Account("parallelism", "parallelism", settings.parallelism)
        self.pools: dict[str, Account] = {"default_pool": Account("pool", "default_pool", DEFAULT_POOL_SLOTS)}
        self.ready: ReadyQueue[Instance] = ReadyQueue()
        self.ready_serial = 0
        self.timers = Timers()
        self.callbacks: OrderedDict[str, CallbackState] = OrderedDict()  #: by callback_id
        self.undispatched_callbacks: deque[str] = deque()  #: callback_ids, the oldest first
        self.callback_attempts: dict[str, CallbackState] = {}  #: those handed out, by attempt_id
        # What one event leaves to be done before the next one; see ``settle``.
        self.touched: deque[Node | Instance] = deque()  #: whose upstream changed
        self.doubted: deque[Node] = deque()  #: whose upstream was final and is not, or came to something else
        self.fed: deque[tuple[Run, Expansion]] = deque()  #: mapped tasks whose length may be known now
        self.ended: deque[Run] = deque()  #: runs whose last task instance became final
        self.failed_fast: dict[Run, str] = {}  #: runs to stop because that task failed
        self.waiting_dags: dict[Dag, None] = {}  #: DAGs that may be able to start or create a run
        self.visitors: dict[Run, None] = {}  #: runs to forget after the batch, unless they live again
        # What the batch has changed, and what it leaves to its end.
        self.to_resend: set[str] = set()  #: unclaimed attempts that a worker did not name
        self.out: list[Decision] = []
        self.changed_instances: dict[Instance, None] = {}
        self.changed_runs: dict[Run, None] = {}

    def decide(self, decision: Decision) -> None:
        """Add a decision to those of this event."""
        self.out.append(decision)

    def find(self, key: TaskKey) -> Instance | None:
        """Return a task instance by its name."""
        run = self.runs.get(key.run_key)
        node = run.node(key.task_id) if run is not None else None
        return node.instances.get(key.map_index) if node is not None else None

    def pool(self, name: str) -> Account:
        """Return a pool; one that does not exist has no slots."""
        account = self.pools.get(name)
        if account is None:
            account = self.pools[name] = Account("pool", name, 0)
        return account

    def update_run(self, run: Run, **changes: object) -> None:
        """Change fields of a run's record."""
        run.record = msgspec.structs.replace(run.record, **changes)
        run.context = None
        self.changed_runs[run] = None

    def update(self, instance: Instance, **changes: object) -> None:
        """Change fields of a task instance's record, but not its state; see ``moves`` for that."""
        instance.record = msgspec.structs.replace(instance.record, **changes)
        self.changed_instances[instance] = None

    def touch_dag(self, dag: Dag) -> None:
        """Look again whether the DAG can start or create a run."""
        self.waiting_dags[dag] = None

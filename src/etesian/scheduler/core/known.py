"""What the shell tells about DAGs and pools: new versions, gone files, pauses, slots."""

from __future__ import annotations

from collections import deque
from datetime import datetime

from etesian.protocol.commands import DagGone, PauseChanged
from etesian.scheduler.core.assets import ask_events
from etesian.scheduler.core.deadlines import runtimes_wanted
from etesian.scheduler.core.events import PoolsSet, SpecUpdated
from etesian.scheduler.core.graph import DagGraph
from etesian.scheduler.core.limits import Account
from etesian.scheduler.core.memory import Dag, Memory, Run
from etesian.scheduler.core.moves import WAITING_OUTSIDE
from etesian.scheduler.core.runs import enqueue_run, set_paused
from etesian.scheduler.core.runs_due import plan_next_run


def learn_spec(memory: Memory, event: SpecUpdated, now: datetime) -> None:
    """Take a DAG's newest version. Runs that have begun keep theirs."""
    spec = event.spec
    dag = memory.dags.setdefault(spec.dag_id, Dag(spec.dag_id))
    graph = dag.graphs.get(event.version_hash)
    if (
        graph is None
        or graph.code_hash != event.code_hash
        or (graph.bundle, graph.bundle_version) != (event.bundle, event.bundle_version)
        or graph.spec != spec
    ):
        graph = DagGraph(
            spec,
            version_hash=event.version_hash,
            code_hash=event.code_hash,
            bundle=event.bundle,
            bundle_version=event.bundle_version,
        )
        dag.graphs[event.version_hash] = graph
    dag.graph = graph
    dag.is_gone = False
    dag.failed_in_a_row = event.failed_in_a_row
    dag.taken_dates = set(event.taken_dates)
    newest, told = dag.newest_point, event.newest_point
    if told is not None and (newest is None or told.run_after > newest.run_after):
        dag.newest_point = told
    unbound, dag.unbound = dag.unbound, []
    for record in unbound:
        enqueue_run(memory, Run(dag, graph, record))
    set_paused(memory, dag, is_paused=event.is_paused)
    wanted = runtimes_wanted(spec)
    known = event.runtimes or dag.runtimes
    dag.runtimes = deque(list(known)[:wanted], maxlen=wanted)
    plan_next_run(memory, dag, now)
    ask_events(memory, dag)


def lose_dag(memory: Memory, event: DagGone, now: datetime) -> None:
    """No file defines the DAG any more: nothing new starts; runs that have begun go on."""
    dag = memory.dags.get(event.dag_id)
    if dag is not None:
        dag.is_gone = True
        plan_next_run(memory, dag, now)


def change_pause(memory: Memory, event: PauseChanged, now: datetime) -> None:
    """Pause or unpause a DAG."""
    dag = memory.dags.get(event.dag_id)
    if dag is not None and dag.is_paused != event.is_paused:
        set_paused(memory, dag, is_paused=event.is_paused)
        plan_next_run(memory, dag, now)


def set_pools(memory: Memory, event: PoolsSet) -> None:
    """Take all pools with their slots. A pool that is not named any more has no slots: its tasks wait for it."""
    for name in memory.pools.keys() - event.pools.keys():
        memory.ready.set_limit(memory.pools[name], 0)
    for name, (slots, counts_deferred) in event.pools.items():
        account = memory.pools.setdefault(name, Account("pool", name, 0))
        memory.ready.set_limit(account, None if slots < 0 else slots)
        if account.counts_deferred != counts_deferred:
            _recount_deferred(memory, account, counts_deferred)


def _recount_deferred(memory: Memory, account: Account, counts_deferred: bool) -> None:
    """From now on, deferred tasks hold slots of the pool, or hold them no more."""
    account.counts_deferred = counts_deferred
    slots = sum(
        instance.lane.slots
        for run in memory.runs.values()
        for instance in run.instances()
        if instance.state in WAITING_OUTSIDE and instance.lane is not None and instance.lane.pool is account
    )
    memory.ready.give_back(account, -slots if counts_deferred else slots)
